/* No lease at all, and the registry of kinds. */
#include "cmocka_all.h"
#include "lease_fixture.h"

#include <string.h>

static void test_is_granted_and_proves_nothing(void **state)
{
    (void)state;
    lease_fixture_create("none");
    assert_false(leasing.lease->ops->exclusive);
    lease_fixture_acquire(NULL, 0, 1000);
    (void)lease_fixture_expect(LEASE_GRANTED, 0);
    leasing.lease->ops->release(leasing.lease);
    lease_fixture_check(NULL, 0, 1000);
    (void)lease_fixture_expect(LEASE_USABLE, 0);
    leasing.lease->ops->destroy(NULL);
}

static void test_registry(void **state)
{
    (void)state;
    assert_string_equal(lease_at(0)->name, "rabbitmq");
    for (size_t i = 0; lease_at(i); i++) {
        assert_ptr_equal(lease_find(lease_at(i)->name), lease_at(i));
        assert_int_equal(lease_at(i)->exclusive, strcmp(lease_at(i)->name, "none") != 0);
    }
    assert_null(lease_find("zookeeper"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_is_granted_and_proves_nothing, lease_fixture_setup, lease_fixture_teardown),
        cmocka_unit_test(test_registry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
