/* wallet.c — Slots that keep their buffers: after a while nothing is allocated any more. */
#include "services/live/tokens/wallet.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/list.h"

struct slot {
    struct link link; /* Kept, the oldest first; or free. */
    char *bytes;
    size_t room;
    struct span access, session; /* In bytes. */
    uint32_t number;             /* Its place. */
    uint32_t uses;
    bool is_kept, is_grant;
};

struct wallet {
    struct slot **slots; /* Each for itself: lists run through them. */
    uint32_t length, room, max;
    struct list kept, spare;
    struct span forged[TOKEN_FLAWS];
};

struct wallet *wallet_open(uint32_t max)
{
    struct wallet *wallet = calloc(1, sizeof *wallet);

    check(wallet != NULL && max > 0);
    wallet->max = max;
    list_init(&wallet->kept);
    list_init(&wallet->spare);
    return wallet;
}

void wallet_close(struct wallet *wallet)
{
    for (uint32_t i = 0; i < wallet->length; i++) {
        free(wallet->slots[i]->bytes);
        free(wallet->slots[i]);
    }
    for (int flaw = 0; flaw < TOKEN_FLAWS; flaw++)
        free((void *)(uintptr_t)wallet->forged[flaw].bytes);
    free(wallet->slots);
    free(wallet);
}

static uint64_t handle_of(const struct slot *slot)
{
    return (uint64_t)(slot->uses & 0x3fffff) << 32 | ((uint64_t)slot->number + 1);
}

static struct slot *new_slot(struct wallet *wallet)
{
    struct slot *slot = calloc(1, sizeof *slot);

    if (wallet->length == wallet->room) {
        wallet->room = wallet->room == 0 ? 64 : 2 * wallet->room;
        wallet->slots = realloc(wallet->slots, wallet->room * sizeof(struct slot *));
    }
    check(slot != NULL && wallet->slots != NULL);
    slot->number = wallet->length;
    wallet->slots[wallet->length++] = slot;
    return slot;
}

static struct slot *take_slot(struct wallet *wallet)
{
    struct link *link = list_take_first(&wallet->spare);

    if (link == NULL && wallet->length == wallet->max)
        link = list_take_first(&wallet->kept);
    return link != NULL ? list_entry(link, struct slot, link) : new_slot(wallet);
}

uint64_t wallet_keep(struct wallet *wallet, struct span access, struct span session)
{
    struct slot *slot = take_slot(wallet);
    size_t length = access.length + session.length;

    check(access.length <= WALLET_TEXT_MAX && session.length <= WALLET_TEXT_MAX);
    if (length > slot->room) {
        slot->bytes = realloc(slot->bytes, length);
        check(slot->bytes != NULL);
        slot->room = length;
    }
    if (access.length > 0)
        memcpy(slot->bytes, access.bytes, access.length);
    if (session.length > 0)
        memcpy(slot->bytes + access.length, session.bytes, session.length);
    slot->is_grant = session.length > 0;
    slot->access = (struct span){slot->bytes, access.length};
    slot->session =
        slot->is_grant ? (struct span){slot->bytes + access.length, session.length} : slot->access;
    slot->uses++;
    slot->is_kept = true;
    list_push_last(&wallet->kept, &slot->link);
    return handle_of(slot);
}

static struct slot *slot_of(const struct wallet *wallet, uint64_t token)
{
    uint32_t number = (uint32_t)token - 1;
    struct slot *slot = number < wallet->length ? wallet->slots[number] : NULL;

    return slot != NULL && slot->is_kept && handle_of(slot) == token ? slot : NULL;
}

bool wallet_find(const struct wallet *wallet, uint64_t token, enum token_part part,
                 struct span *text)
{
    const struct slot *slot;

    if ((token & TOKEN_FORGED) != 0 && (token & ~TOKEN_FORGED) < TOKEN_FLAWS) {
        *text = wallet->forged[token & ~TOKEN_FORGED];
        return text->bytes != NULL;
    }
    slot = slot_of(wallet, token);
    if (slot != NULL)
        *text = part == TOKEN_SESSION ? slot->session : slot->access;
    return slot != NULL;
}

bool wallet_find_grant(const struct wallet *wallet, uint64_t token, struct span *access,
                       struct span *session)
{
    const struct slot *slot = slot_of(wallet, token);

    if (slot == NULL || !slot->is_grant)
        return false;
    *access = slot->access;
    *session = slot->session;
    return true;
}

void wallet_drop(struct wallet *wallet, uint64_t token)
{
    struct slot *slot = slot_of(wallet, token);

    if (slot == NULL)
        return;
    slot->is_kept = false;
    list_remove(&wallet->kept, &slot->link);
    list_push_first(&wallet->spare, &slot->link);
}

void wallet_forge(struct wallet *wallet, enum token_flaw flaw, struct span text)
{
    char *copy = malloc(text.length + 1);

    check(copy != NULL && wallet->forged[flaw].bytes == NULL);
    memcpy(copy, text.bytes, text.length);
    wallet->forged[flaw] = (struct span){copy, text.length};
}
