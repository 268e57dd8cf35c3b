/* Settings through a pipe: what is sent arrives, and what is not settings does not. */
#include "tests/lib/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/live/node/settings.h"

enum { IMAGE_MAX = 262144 };

static struct node_settings sample(struct dist_point points[static 3])
{
    struct node_settings settings = {.name = "web/3",
                                     .run = "t1",
                                     .seed = 42,
                                     .cpu = {.cores = 2, .speed = 1.5, .queue = 100},
                                     .in_flight = 64};

    settings.plan.kind = PLAN_CUSTOM;
    settings.plan.custom = (struct custom_config){.in_flight = 64, .steps_max = 3};
    points[0] = (struct dist_point){.value = 1e6, .weight = 1};
    points[1] = (struct dist_point){.value = 2e6, .weight = 3};
    points[2] = (struct dist_point){.value = 9e6, .weight = 1};
    settings.plan.custom.steps[0].time = (struct dist){.kind = DIST_CONSTANT, .mean = 5e6};
    settings.plan.custom.steps[1].time =
        (struct dist){.kind = DIST_EMPIRICAL, .points = points, .points_max = 3};
    settings.plan.custom.steps[2].time =
        (struct dist){.kind = DIST_EMPIRICAL, .points = points + 1, .points_max = 1};
    for (int i = 0; i < 3; i++)
        dist_init(&settings.plan.custom.steps[i].time);
    strcpy(settings.peers[2].host, "127.0.0.1");
    settings.peers[2].port = 8080;
    return settings;
}

/* Through a file and not a pipe, whose room is limited. */
static int opened(const void *bytes, size_t length)
{
    char path[] = "/tmp/sim-settings-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, bytes, length), length);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static size_t image_of(const struct node_settings *settings, char image[static IMAGE_MAX])
{
    int fd = opened("", 0);
    ssize_t length;

    assert_true(settings_send(fd, settings));
    lseek(fd, 0, SEEK_SET);
    length = read(fd, image, IMAGE_MAX);
    assert_in_range(length, 1, IMAGE_MAX - 1);
    close(fd);
    return (size_t)length;
}

static bool is_taken(const char *image, size_t length, char why[static 160])
{
    struct node_settings got;
    struct dist_point *points = (struct dist_point *)why; /* Must be overwritten. */
    int fd = opened(image, length);
    bool ok = settings_receive(fd, &got, &points, why);

    assert_int_equal(points != NULL, ok);
    free(points);
    close(fd);
    return ok;
}

static void what_was_sent_arrives_and_its_points_draw_the_same(void **state)
{
    struct dist_point points[3], *got_points;
    struct node_settings sent = sample(points), got;
    char image[IMAGE_MAX], why[160] = "";
    size_t length = image_of(&sent, image);
    struct dice one, two;
    int fd = opened(image, length);

    (void)state;
    assert_true(settings_receive(fd, &got, &got_points, why));
    close(fd);
    assert_string_equal(got.name, "web/3");
    assert_int_equal(got.peers[2].port, 8080);
    assert_int_equal(got.plan.custom.steps[0].time.points == NULL, 1);
    dice_init(&one, 1, "x");
    dice_init(&two, 1, "x");
    for (int i = 0; i < 1000; i++)
        assert_int_equal(dist_draw_ns(&sent.plan.custom.steps[i % 3].time, &one),
                         dist_draw_ns(&got.plan.custom.steps[i % 3].time, &two));
    free(got_points);
}

static void settings_that_are_cut_short_anywhere_are_refused(void **state)
{
    struct dist_point points[3];
    struct node_settings sent = sample(points);
    char image[IMAGE_MAX], why[160];
    size_t length = image_of(&sent, image);

    (void)state;
    for (size_t cut = 0; cut < length; cut += 97) {
        strcpy(why, "");
        assert_false(is_taken(image, cut, why));
        assert_non_null(strstr(why, "too early"));
    }
    assert_false(is_taken(image, length - 1, why));
    assert_true(is_taken(image, length, why));
}

static void settings_with_any_byte_changed_are_refused(void **state)
{
    struct dist_point points[3];
    struct node_settings sent = sample(points);
    char image[IMAGE_MAX], why[160];
    size_t length = image_of(&sent, image);

    (void)state;
    for (size_t at = 0; at < length; at += at < 64 ? 1 : 61) {
        image[at] = (char)(image[at] ^ 0x41);
        strcpy(why, "");
        assert_false(is_taken(image, length, why));
        assert_true(strlen(why) > 0);
        image[at] = (char)(image[at] ^ 0x41);
    }
    assert_true(is_taken(image, length, why));
}

static void what_a_person_types_is_refused_with_the_cure(void **state)
{
    char why[160];
    char text[200];

    (void)state;
    memset(text, '\n', sizeof text);
    memcpy(text, "services: {web: {kind: custom}}", 31);
    assert_false(is_taken(text, sizeof text, why));
    assert_non_null(strstr(why, "started by sim"));
}

/* Their sum is right, but they cannot be. */
static void settings_that_cannot_be_are_refused(void **state)
{
    struct dist_point points[3];
    struct node_settings good = sample(points), bad;
    char image[IMAGE_MAX], why[160];

    (void)state;
    bad = good;
    memset(bad.name, 'x', sizeof bad.name);
    assert_false(is_taken(image, image_of(&bad, image), why));
    bad = good;
    bad.cpu.cores = 0;
    assert_false(is_taken(image, image_of(&bad, image), why));
    bad = good;
    bad.failpoint = FAILPOINTS;
    assert_false(is_taken(image, image_of(&bad, image), why));
    points[0].other = 3;
    assert_false(is_taken(image, image_of(&good, image), why));
    assert_non_null(strstr(why, "garbled"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sent_arrives_and_its_points_draw_the_same),
        cmocka_unit_test(settings_that_are_cut_short_anywhere_are_refused),
        cmocka_unit_test(settings_with_any_byte_changed_are_refused),
        cmocka_unit_test(what_a_person_types_is_refused_with_the_cure),
        cmocka_unit_test(settings_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
