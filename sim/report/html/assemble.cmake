# assemble.cmake — Makes one page out of page/ and uPlot, and C out of the page.
#
#   cmake -DPAGE=page -DUPLOT=node_modules/uplot -DOUT=html_template.c -P assemble.cmake
#
# Into page.html go the styles, the scripts (in the order below, in one scope of their own), and a
# Content-Security-Policy with the hash of each; four holes are left for html.c: lang, title, body,
# data. Without UPLOT the template is empty and says so. The page is written as numbers because a
# string of that length is more than C promises to take.

cmake_minimum_required(VERSION 3.25)

set(scripts tools figures charts topology bars everything page)

# base64_of_hex(variable hex): three bytes become four letters (RFC 4648); what a policy wants.
function(base64_of_hex variable hex)
    set(letters ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
    set(text "")
    string(LENGTH "${hex}" length)
    foreach(at RANGE 0 ${length} 6)
        string(SUBSTRING "${hex}" ${at} 6 group)
        string(LENGTH "${group}" digits)
        if(digits EQUAL 0)
            break()
        endif()
        string(SUBSTRING "${group}0000" 0 6 group)
        foreach(shift 18 12 6 0)
            math(EXPR letter "(0x${group} >> ${shift}) & 63")
            string(SUBSTRING "${letters}" ${letter} 1 letter)
            string(APPEND text "${letter}")
        endforeach()
        if(digits EQUAL 2)
            string(REGEX REPLACE "..$" "==" text "${text}")
        elseif(digits EQUAL 4)
            string(REGEX REPLACE ".$" "=" text "${text}")
        endif()
    endforeach()
    set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# policy_hash(variable text): 'sha256-…' of what stands between two tags.
function(policy_hash variable text)
    string(SHA256 hex "${text}")
    base64_of_hex(base64 "${hex}")
    set(${variable} "'sha256-${base64}'" PARENT_SCOPE)
endfunction()

# read_uplot(): sets library_styles, library and licence from the package.
macro(read_uplot)
    file(READ "${UPLOT}/dist/uPlot.iife.min.js" library)
    file(READ "${UPLOT}/dist/uPlot.min.css" library_styles)
    file(READ "${UPLOT}/LICENSE" licence)
    string(STRIP "${licence}" licence)
    string(PREPEND library "/*! uPlot, inlined. ${licence}\n*/\n")
endmacro()

function(make_page variable)
    read_uplot()
    set(styles "${library_styles}\n")
    foreach(style page drawings)
        file(READ "${PAGE}/${style}.css" text)
        string(APPEND styles "${text}")
    endforeach()
    set(own "")
    foreach(script ${scripts})
        file(READ "${PAGE}/${script}.js" text)
        string(APPEND own "${text}\n")
    endforeach()
    set(script "${library}\n(() => {\n\"use strict\";\n${own}})();\n")
    if(script MATCHES "</script|<!--|@@" OR styles MATCHES "</style|@@")
        message(FATAL_ERROR "a script or a style would end its element, or has \"@@\" in it")
    endif()

    policy_hash(script_hash "${script}")
    policy_hash(style_hash "${styles}")
    file(READ "${PAGE}/page.html" page)
    string(REPLACE "@@policy@@" "default-src 'none'; script-src ${script_hash}; \
style-src ${style_hash}; base-uri 'none'; form-action 'none'" page "${page}")
    string(REPLACE "@@styles@@" "${styles}" page "${page}")
    string(REPLACE "@@script@@" "${script}" page "${page}")
    set(${variable} "${page}" PARENT_SCOPE)
endfunction()

if(UPLOT)
    make_page(page)
    set(has_charts true)
else()
    set(page "")
    set(has_charts false)
endif()

file(WRITE "${OUT}.html" "${page}")
file(READ "${OUT}.html" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f])" "\\1\n"
       hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE "${OUT}" "/* Made by assemble.cmake; see ${OUT}.html for what it says. */
#include \"sim/report/html/html_inside.h\"

const bool html_template_has_charts = ${has_charts};
const unsigned char html_template[] = {
${bytes}0};
")
