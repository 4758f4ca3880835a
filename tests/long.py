"""The tests that `make test` leaves to `make test-long`: each shows once more, or for longer, what another one shows.

By the begin of a test's id. The other one is in the same file, for containers in that of machines; for what was taken
over it is in `test_writers.py`, for what is killed in the middle in `test_crashes.py`.
"""

LONG = (
    *(
        f"e2e/test_crashes.py::test_after_kill_9_at_any_step_one_up_converges[{at}]"
        for at in (
            "before-the-first-move-cli",
            "before-the-first-move-program",
            "at-5-program",
            "at-5-all",
            "at-25-cli",
            "at-25-all",
            "at-50-cli",
            "at-50-program",
            "at-100-program",
            "at-100-all",
        )
    ),
    "e2e/test_crashes.py::test_after_kill_9_in_a_restore_one_up_converges[before-its-write-cli]",
    "e2e/test_crashes.py::test_after_kill_9_in_a_restore_one_up_converges[before-its-write-program]",
    "e2e/test_crashes.py::test_after_kill_9_in_a_restore_one_up_converges[after-its-write-all]",
    "e2e/test_crashes.py::test_after_kill_9_an_up_with_the_former_config_walks_back[the-newcomer-stays-program-250]",
    "e2e/test_crashes.py::test_after_kill_9_an_up_with_the_former_config_walks_back[the-newcomer-stays-all-50]",
    "e2e/test_crashes.py::test_after_kill_9_an_up_with_the_former_config_walks_back[the-newcomer-goes-too-cli-500]",
    "e2e/test_capacity.py::test_incident_17_five_aborted_releases_leave_the_sizes_as_they_were",
    "e2e/test_capacity.py::test_what_a_walk_that_was_killed_protects_the_next_one_lifts[going-on]",
    "e2e/test_containers_crashes.py::test_after_kill_9_at_any_step_one_up_converges[all-0]",
    "e2e/test_containers_crashes.py::test_after_kill_9_at_any_step_one_up_converges[cli-1000]",
    "e2e/test_containers_crashes.py::test_after_kill_9_in_a_restore_one_up_converges[program-True-True]",
    "e2e/test_containers_crashes.py::test_the_mark_of_an_owner_on_another_host_holds_until_it_is_past",
    "e2e/test_containers_rollouts.py::test_a_release_that_crashes_under_load_is_restored",
    "e2e/test_containers_rollouts.py::test_a_release_that_turns_bad_after_its_proof_is_restored",
    "e2e/test_containers_rollouts.py::test_five_slices_share_the_traffic_and_change_all_at_once",
    "e2e/test_containers_rollouts.py::test_in_a_freeze_no_newcomer_gains_share_and_going_back_is_allowed",
    "e2e/test_containers_rollouts.py::test_what_could_not_be_proven_by_the_deadline_is_refused_by_what_the_router_counted",
    "e2e/test_leaving.py::test_its_fleet_made_anew",
    "e2e/test_ops_verbs.py::test_foreign_weights_are_the_start_when_taken_over",
    "e2e/test_releases.py::test_after_kill_9_in_the_middle_cancel_and_up_converge",
    "e2e/test_releases.py::test_twenty_releases_and_rollbacks_in_a_row_drop_nothing",
    "e2e/test_rollouts.py::test_a_release_that_turns_bad_late_is_restored[50]",
    "e2e/test_trouble.py::test_a_release_is_promoted_all_the_same[delayed]",
    "e2e/test_trouble.py::test_a_release_is_promoted_all_the_same[late-reads]",
    "e2e/test_trouble.py::test_a_release_is_promoted_all_the_same[late-weights]",
)
