"""The tests that `make test` leaves to `make test-long`: each shows once more, or for longer, what another one shows.

By the begin of a test's id; none stands on what a test that is not here has left. What keeps a promise, answers an
incident or holds an invariant is in `make test` once, on machines or on containers: the rollout is the same on both.
What is of one of them alone is there too.
"""

CRASHES = "e2e/test_crashes.py::test_after_kill_9"
CONTAINERS = "e2e/test_containers"
CONTAINER_CRASHES = f"{CONTAINERS}_crashes.py::test_after_kill_9"
BAD_KEY = "e2e/test_bad_input.py::test_a_wrong_key_is_refused_by_name[change"
BAD_RELEASE = "e2e/test_bad_input.py::test_a_wrong_release_is_refused_by_name[<lambda>-"

LONG = (
    # Another process is killed, or at another step; `make test` has each of both.
    *(
        f"{CRASHES}_at_any_step_one_up_converges[{at}]"
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
    f"{CRASHES}_in_a_restore_one_up_converges[before-its-write-cli]",
    f"{CRASHES}_in_a_restore_one_up_converges[before-its-write-program]",
    f"{CRASHES}_in_a_restore_one_up_converges[after-its-write-cli]",
    f"{CRASHES}_in_a_restore_one_up_converges[after-its-write-all]",
    f"{CRASHES}_an_up_with_the_former_config_walks_back[the-newcomer-stays-program-250]",
    f"{CRASHES}_an_up_with_the_former_config_walks_back[the-newcomer-stays-all-50]",
    f"{CRASHES}_an_up_with_the_former_config_walks_back[the-newcomer-goes-too-program-250]",
    f"{CRASHES}_an_up_with_the_former_config_walks_back[the-newcomer-goes-too-cli-500]",
    f"{CONTAINER_CRASHES}_at_any_step_one_up_converges[all-0]",
    f"{CONTAINER_CRASHES}_at_any_step_one_up_converges[all-500]",
    f"{CONTAINER_CRASHES}_at_any_step_one_up_converges[cli-1000]",
    f"{CONTAINER_CRASHES}_in_a_restore_one_up_converges[program-True-True]",
    f"{CONTAINER_CRASHES}_in_a_restore_one_up_converges[all-True-False]",
    f"{CONTAINER_CRASHES}_an_up_with_the_former_config_walks_back[the-newcomer-stays]",
    f"{CONTAINERS}_crashes.py::test_the_mark_of_an_owner_on_another_host_holds_until_it_is_past",
    "e2e/test_capacity.py::test_what_a_walk_that_was_killed_protects_the_next_one_lifts",
    "e2e/test_ops_verbs.py::test_a_walk_that_holds_is_put_back_by_recover",
    "e2e/test_releases.py::test_after_kill_9_in_the_middle_cancel_and_up_converge",
    # Another cause, and the same end.
    f"{CONTAINERS}_apps.py::test_a_container_that_exits_at_once_gets_no_share",
    f"{CONTAINERS}_apps.py::test_an_app_that_never_answers_its_check_gets_no_share",
    f"{CONTAINERS}_prometheus.py::test_the_setting_replaces_the_router_as_its_others_do",
    f"{CONTAINERS}_refused.py::test_a_registry_that_is_down_stops_what_is_not_on_the_host_alone",
    f"{CONTAINERS}_refused.py::test_without_credentials_a_registry_gives_nothing",
    f"{CONTAINERS}.py::test_a_release_that_fails_requests_is_restored_by_evidence",
    f"{CONTAINERS}_rollouts.py::test_a_release_that_turns_bad_after_its_proof_is_restored",
    f"{CONTAINERS}_tls.py::test_a_certificate_under_another_path_is_a_renewed_one",
    "e2e/test_leaving.py::test_its_fleet_made_anew",
    "e2e/test_leaving.py::test_its_target_group_made_anew",
    "e2e/test_ops.py::test_stopped_under_way_it_restores_and_says_what_it_left",  # `test_interrupts.py` does so
    "e2e/test_ops_verbs.py::test_a_destroy_is_refused_and_nothing_is_deleted[without-a-preview]",
    "e2e/test_proof.py::test_a_metric_source_that_lags_is_waited_for",
    "e2e/test_releases.py::test_a_release_that_never_gets_healthy_is_refused_and_the_former_one_serves",
    "e2e/test_releases.py::test_ctrl_c_while_it_waits_for_health_ends_it_with_the_former_weights",
    "e2e/test_rollouts.py::test_a_release_that_fails_requests_is_restored_by_evidence[five-percent]",
    "e2e/test_rollouts.py::test_a_release_that_resets_connections_is_restored",
    "e2e/test_rollouts.py::test_a_release_that_turns_bad_late_is_restored[50]",
    "e2e/test_trouble.py::test_a_release_is_promoted_all_the_same[delayed]",
    "e2e/test_trouble.py::test_a_release_is_promoted_all_the_same[late-reads]",
    "e2e/test_trouble.py::test_a_release_is_promoted_all_the_same[late-weights]",
    "e2e/test_trouble.py::test_a_release_is_promoted_all_the_same[lost-reply]",
    "e2e/test_trouble.py::test_a_slice_that_still_gets_requests_after_its_share_is_gone_is_deleted_only_when_they_end",
    "e2e/test_trouble.py::test_credentials_that_expire_in_the_middle_end_in_a_named_state_from_which_one_up_goes_on",
    "rehearsal/cloud/test_trouble.py::test_flapping_health_is_seen_in_the_load_balancer_and_fails_no_request",
    # Weights that someone else set: `test_writers.py` has them refused and taken over.
    "e2e/test_ops_verbs.py::test_a_second_one_after_cancel_is_refused_by_the_first_ones_mark",
    "e2e/test_ops_verbs.py::test_foreign_weights_are_the_start_when_taken_over",
    "e2e/test_releases.py::test_weights_that_someone_else_set_are_not_overwritten",
    # More of the same: slices, releases, changes of size, commits.
    "e2e/test_capacity.py::test_incident_17_a_newcomer_that_a_policy_saw_idle_keeps_its_size_when_it_has_all_the_traffic",
    "e2e/test_capacity.py::test_incident_17_a_newcomer_that_is_scaled_out_under_way_need_not_wait_for_those_that_boot",
    "e2e/test_capacity.py::test_incident_17_five_aborted_releases_leave_the_sizes_as_they_were",
    "e2e/test_pipeline_machines.py::test_a_bad_build_is_restored_and_its_commit_says_why",
    "e2e/test_previews.py::test_what_a_pull_request_declares_is_merged_as_it_stands_and_what_has_expired_goes",
    "e2e/test_releases.py::test_three_slices_share_the_traffic_by_weight",
    "e2e/test_releases.py::test_twenty_releases_and_rollbacks_in_a_row_drop_nothing",
    # On containers, what `make test` shows on machines.
    f"{CONTAINERS}.py::test_a_second_up_is_refused_with_who_walks",
    f"{CONTAINERS}.py::test_a_slice_that_left_had_its_requests_finished",
    f"{CONTAINERS}.py::test_an_image_is_released_by_ops_and_gone_back_from",
    f"{CONTAINERS}.py::test_down_takes_every_slice_and_one_goes_on_from_there",
    f"{CONTAINERS}_rollouts.py::test_a_good_release_is_promoted_once_it_is_proven_and_nothing_is_dropped",
    f"{CONTAINERS}_rollouts.py::test_a_release_that_crashes_under_load_is_restored",
    f"{CONTAINERS}_rollouts.py::test_a_release_that_dawdles_is_restored_by_the_latency_gate",
    f"{CONTAINERS}_rollouts.py::test_a_release_whose_health_flaps_is_restored",
    f"{CONTAINERS}_ssh.py::test_a_release_goes_in_steps_and_back_and_nothing_is_dropped",
    f"{CONTAINERS}_ssh.py::test_ctrl_c_restores_through_the_tunnel",
    f"{CONTAINERS}_tls.py::test_weights_move_in_steps_and_nothing_is_dropped",
    # On machines, what `make test` shows on containers.
    "e2e/test_data.py::test_no_visit_is_lost_over_release_rollback_and_the_end_of_every_slice",
    "e2e/test_many_slices.py::test_five_slices_share_the_traffic_and_change_all_at_once",
    "e2e/test_previews.py::test_on_machines_the_instances_of_a_preview_are_those_that_get_the_traffic",
    "e2e/test_proof.py::test_in_a_freeze_no_newcomer_gains_share_and_going_back_is_allowed",
    "e2e/test_proof.py::test_the_command_gate_meets_the_newcomer_before_its_first_share",
    "e2e/test_proof.py::test_what_could_not_be_proven_by_the_deadline_is_refused_in_preview_and_up",
    "e2e/test_proof.py::test_without_any_traffic_nothing_is_proven_and_nothing_promoted",
    "e2e/test_writers.py::test_a_walk_whose_weights_someone_else_changes_stands_down_and_leaves_them",
    # On the engine, what is refused by settings alone: `tests/components` has each message.
    *(f"{BAD_KEY}{number}-" for number in (1, 2, 3, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)),
    f"{BAD_RELEASE}a tag can be moved to another image later1",
    f"{BAD_RELEASE}so the slice would drift",
    *(f"{BAD_RELEASE}is no version{number}" for number in range(1, 6)),
    # Of the stand-in for pulumi-docker, what `tests/rehearsal` has of its types.
    "e2e/test_docker_provider.py::test_a_container_is_replaced_delete_first_unless_the_program_says_otherwise",
    "e2e/test_docker_provider.py::test_a_failed_wait_is_tried_anew_while_no_entrypoint_was_given",
    "e2e/test_docker_provider.py::test_a_refresh_makes_a_failed_wait_pass",
    "e2e/test_docker_provider.py::test_with_an_entrypoint_a_failed_start_passes_the_second_time",
    "e2e/test_docker_provider.py::test_with_an_entrypoint_a_failed_wait_passes_the_second_time",
)
