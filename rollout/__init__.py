"""How traffic moves: plan, guard, mark and the walk. Knows no Pulumi."""
