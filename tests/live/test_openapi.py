#!/usr/bin/env python3
"""test_openapi.py — Holds services/live/http/openapi.yaml to OpenAPI's structure and to wire.c.

There is no OpenAPI validator among the packages that the tests lean on, so the rules that matter
are here: every $ref leads somewhere and nothing is defined in vain, path parameters and paths
agree, every operation has a unique name and answers, every example fits its schema. The routes and
fields are compared with the table in wire.c, so that neither can change alone. Planted faults must
be caught first.
"""

import copy
import os
import re
import sys
from pathlib import Path

import jsonschema
import yaml

METHODS = {"get", "post", "put", "delete"}
OPERATION_ROUTES = {("get", "/metrics"), ("put", "/backends/{}"), ("delete", "/backends/{}")}


def resolve(document, node):
    """What a node says, behind its $ref."""
    while isinstance(node, dict) and "$ref" in node:
        where = node["$ref"]
        if not where.startswith("#/"):
            raise KeyError(where)
        node = document
        for step in where[2:].split("/"):
            node = node[step]
    return node


def expand(document, node):
    """A schema with all its references written out: none of ours is recursive."""
    node = resolve(document, node)
    if isinstance(node, dict):
        return {key: expand(document, value) for key, value in node.items()}
    return [expand(document, value) for value in node] if isinstance(node, list) else node


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def judge_references(document):
    findings, seen = [], set(references(document))
    for where in sorted(seen):
        try:
            resolve(document, {"$ref": where})
        except (KeyError, TypeError):
            findings.append(f"{where} leads nowhere")
    schemes = {name for item in document["paths"].values() for operation in item.values()
               if isinstance(operation, dict) for entry in operation.get("security", [])
               for name in entry}
    seen |= {f"#/components/securitySchemes/{name}" for name in schemes}
    for kind, entries in document["components"].items():
        findings += [f"#/components/{kind}/{name} is used by nobody" for name in entries
                     if f"#/components/{kind}/{name}" not in seen]
    return findings


def examples_of(media):
    if "example" in media:
        yield media["example"]
    for entry in media.get("examples", {}).values():
        yield entry["value"]


def judge_content(document, place, content):
    findings = []
    for kind, media in content.items():
        schema = expand(document, media.get("schema", {}))
        try:
            jsonschema.Draft4Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            findings.append(f"{place}: the schema is none: {error.message}")
            continue
        examples = list(examples_of(media))
        if kind == "application/json" and not examples:
            findings.append(f"{place}: no example")
        for example in examples:
            for error in jsonschema.Draft4Validator(schema).iter_errors(example):
                findings.append(f"{place}: the example {example}: {error.message}")
            unknown = set(example) - set(schema.get("properties", example))
            if unknown and "Absent" not in place and "404" not in place:
                findings.append(f"{place}: the example names {sorted(unknown)}, the schema does not")
    return findings


def judge_operation(document, path, method, item):
    operation, place = item[method], f"{method.upper()} {path}"
    parameters = [resolve(document, entry)
                  for entry in item.get("parameters", []) + operation.get("parameters", [])]
    findings = []
    in_path = {entry["name"] for entry in parameters if entry["in"] == "path"}
    if in_path != set(re.findall(r"{(\w+)}", path)):
        findings.append(f"{place}: its path parameters are {sorted(in_path)}")
    for entry in parameters:
        if entry["in"] == "path" and entry.get("required") is not True:
            findings.append(f"{place}: the path parameter {entry['name']} must be required")
        if "schema" not in entry:
            findings.append(f"{place}: the parameter {entry['name']} has no schema")
    names = [(entry["in"], entry["name"]) for entry in parameters]
    if len(names) != len(set(names)):
        findings.append(f"{place}: a parameter stands there twice")
    if "200" not in operation["responses"]:
        findings.append(f"{place}: no 200")
    for status, response in operation["responses"].items():
        response = resolve(document, response)
        if not isinstance(status, str) or not response.get("description"):
            findings.append(f"{place}: the answer {status} wants quotes and a description")
        findings += judge_content(document, f"{place} {status}", response.get("content", {}))
    body = operation.get("requestBody", {"content": {}})
    return findings + judge_content(document, f"{place} body", body["content"])


def operations_of(document):
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item


def judge_document(document):
    findings = judge_references(document)
    if findings:
        return findings
    if not re.fullmatch(r"3\.0\.\d", document["openapi"]) or not document["info"]["version"]:
        findings.append("it is not OpenAPI 3.0")
    tags = {entry["name"] for entry in document["tags"]}
    names = []
    for path, method, item in operations_of(document):
        findings += judge_operation(document, path, method, item)
        names.append(item[method]["operationId"])
        if not set(item[method]["tags"]) <= tags:
            findings.append(f"{method.upper()} {path}: a tag that is not in the list")
    if len(names) != len(set(names)):
        findings.append("an operationId stands there twice")
    return findings


ROUTE = re.compile(r'\[VERB_(\w+)\]\s*=\s*{HTTP_(\w+),\s*"([^"]*)",\s*"([^"]*)",\s*(\w+)')


def judge_routes(document, wire):
    """Every verb of wire.c is an operation of its name, and the other way round."""
    coded = {}
    for verb, method, before, behind, in_path in ROUTE.findall(wire):
        number = "" if in_path == "FIELDS" else "{}"
        coded[verb.lower()] = (method.lower(), before + number + behind)
    if len(coded) < 8:
        return ["the table of routes in wire.c was not found"]
    written = {item[method]["operationId"]: (method, re.sub(r"{\w+}", "{}", path))
               for path, method, item in operations_of(document)}
    findings = [f"{name} is {route} in wire.c and {written.get(name)} here"
                for name, route in coded.items() if written.get(name) != route]
    return findings + [f"{name} is no verb of wire.c" for name, route in written.items()
                       if name not in coded and route not in OPERATION_ROUTES]


def judge_names(document, wire):
    """Every header and every field of a body is one that wire.c reads."""
    names = {resolve(document, entry)["name"]
             for entry in document["components"]["parameters"].values()
             if resolve(document, entry)["in"] == "header"}
    for path, method, item in operations_of(document):
        for media in item[method].get("requestBody", {"content": {}})["content"].values():
            names |= set(resolve(document, media["schema"])["properties"])
    return [f"{name} is a name that wire.c does not know" for name in sorted(names)
            if f'"{name}"' not in wire]


def plant(document, change):
    planted = copy.deepcopy(document)
    change(planted)
    return planted


def planted_faults(document):
    """Documents that must each be caught."""
    def drop_schema(planted):
        del planted["components"]["schemas"]["Count"]

    def wrong_example(planted):
        planted["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"][
            "example"] = {"user": "seven"}

    def lost_parameter(planted):
        planted["paths"]["/call/{key}"]["parameters"].pop(0)

    def moved_path(planted):
        planted["paths"]["/posts/{post}/like"] = planted["paths"].pop("/posts/{post}/likes")

    def renamed_header(planted):
        planted["components"]["parameters"]["Attempt"]["name"] = "X-Try"

    return {change.__name__: plant(document, change)
            for change in (drop_schema, wrong_example, lost_parameter, moved_path, renamed_header)}


def judge(document, wire):
    return (judge_document(document) or
            judge_routes(document, wire) + judge_names(document, wire))


def main():
    root = Path(os.environ.get("SOURCE_DIR", Path(__file__).resolve().parents[2]))
    folder = root / "services/live/http"
    document = yaml.safe_load((folder / "openapi.yaml").read_text(encoding="utf-8"))
    wire = (folder / "wire.c").read_text(encoding="utf-8")
    missed = [name for name, planted in planted_faults(document).items()
              if not judge(planted, wire)]
    findings = judge(document, wire) + [f"the planted fault {name} was not caught"
                                        for name in missed]
    count = len(list(operations_of(document)))
    print("\n".join(findings + [f"{count} operations read, {len(findings)} findings"]))
    return 1 if findings or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
