"""A gap of moto's closed: an Auto Scaling group outlives the target groups it is attached to, as on AWS."""

from moto.autoscaling.models import AutoScalingBackend


def outlives_its_groups(autoscaling: AutoScalingBackend) -> None:
    """Have *autoscaling* scale a group though one of its target groups is gone, which moto refuses."""
    register = autoscaling.update_attached_target_groups

    def update(group_name: str) -> None:
        group = autoscaling.autoscaling_groups[group_name]
        attached = group.target_group_arns
        group.target_group_arns = [arn for arn in attached if arn in autoscaling.elbv2_backend.target_groups]
        try:
            register(group_name)
        finally:
            group.target_group_arns = attached

    # An attribute of this one backend; moto itself stays as it is.
    autoscaling.update_attached_target_groups = update
