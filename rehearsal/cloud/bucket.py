"""A token bucket, as AWS throttles with. Pure: times are given, in monotonic seconds."""


class Bucket:
    """Holds up to *burst* tokens and gains *rate* a second; full at first."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._held, self._at = burst, now

    def has_one(self, now: float) -> bool:
        """Whether there is a token to take."""
        self._held = min(self._burst, self._held + (now - self._at) * self._rate)
        self._at = now
        return self._held >= 1

    def take(self) -> None:
        """Take a token; ask `has_one` before."""
        self._held -= 1
