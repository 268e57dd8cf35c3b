/* message.c — One of two formats, filled in. */
#include "sim/lab/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct message message_in(const char *lang)
{
    return (struct message){.is_russian = lang != NULL && strcmp(lang, "ru") == 0};
}

bool message_say(struct message *message, const char *en, const char *ru, ...)
{
    va_list arguments;

    va_start(arguments, ru);
    vsnprintf(message->text, sizeof message->text, message->is_russian ? ru : en, arguments);
    va_end(arguments);
    return false;
}

const char *message_word(const struct message *message, struct text word)
{
    return message->is_russian ? word.ru : word.en;
}
