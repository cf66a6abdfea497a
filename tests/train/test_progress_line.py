"""The progress line: what it says, when it says it, and that it stays on its line."""

import io
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heedful.errors import ConfigError
from heedful.train.progress_line import Line, fitted, short


class Stream(io.StringIO):
    """A stream that may be a terminal."""

    def __init__(self, terminal: bool = True) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def states(self) -> list[str]:
        """Return what stood on the line, one state after the other."""
        return [state.rstrip(" ") for state in re.split(r"\r|\n", self.getvalue()) if state.strip()]


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    return


def run(line: Line, time: Time, steps: range, seconds: float = 0.25, loss: float = 2.0) -> None:
    """Do steps of 100 tokens that take `seconds` each."""
    for step in steps:
        time.now += seconds
        line.update(step, loss, 100)


def test_it_says_how_far_how_well_how_fast_how_long() -> None:
    stream, time = Stream(), Time()
    line = Line(8000, flops_per_token=6e6, peak=6e9, stream=stream, clock=time)
    run(line, time, range(1, 1201))
    assert stream.states()[-1] == (
        "step 1,199 of 8,000 | loss 2.000 | 400 tokens/s | 40 % of peak | 28 min 20 s left"
    )


def test_with_a_clock_it_counts_minutes() -> None:
    stream, time = Stream(), Time()
    line = Line(seconds=900, stream=stream, clock=time)
    run(line, time, range(1, 241))
    assert line.text() == "1.0 of 15.0 min | loss 2.000 | 400 tokens/s | 14 min 00 s left"


def test_the_nearer_end_counts() -> None:
    time = Time()
    line = Line(100, 60, stream=Stream(), clock=time)
    run(line, time, range(1, 11), 1.0)
    assert line.left() == 50  # the clock, not the 90 steps
    run(line, time, range(11, 61), 0.1)
    assert line.left() == pytest.approx(40 * (15 / 60))  # the steps, at the pace of the last half minute


def test_without_an_end_nothing_is_left() -> None:
    time = Time()
    line = Line(stream=Stream(), clock=time)
    assert line.text() == "step 0"
    run(line, time, range(1, 3))
    assert line.text() == "step 2 | loss 2.000 | 400 tokens/s"


def test_a_terminal_sees_two_states_a_second_at_most() -> None:
    stream, time = Stream(), Time()
    line = Line(1000, stream=stream, clock=time)
    run(line, time, range(1, 1001), 0.01)
    assert "\n" not in stream.getvalue()
    assert 18 <= len(stream.states()) <= 20  # 10 seconds


def test_a_log_gets_a_line_each_half_minute_and_the_last_one() -> None:
    stream, time = Stream(terminal=False), Time()
    line = Line(1000, stream=stream, clock=time)
    run(line, time, range(1, 1001), 0.1)  # 100 seconds
    assert len(stream.getvalue().splitlines()) == 3 and "\r" not in stream.getvalue()
    line.close()
    assert stream.getvalue().splitlines()[-1].startswith("step 1,000 of 1,000 | loss 2.000 | 1,000 tokens/s")
    assert stream.getvalue().endswith(" | took 1 min 40 s\n")


def test_a_dumb_terminal_is_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    stream, time = Stream(), Time()
    run(Line(10, stream=stream, clock=time), time, range(1, 11))
    assert stream.getvalue() == ""


def test_quiet_says_nothing() -> None:
    stream, time = Stream(), Time()
    line = Line(10, stream=stream, clock=time, quiet=True)
    run(line, time, range(1, 11))
    line.say("dev 0.5")
    line.close()
    assert stream.getvalue() == ""


def test_a_shorter_state_covers_the_longer_one() -> None:
    stream, time = Stream(), Time()
    line = Line(1000, stream=stream, clock=time)
    run(line, time, range(1, 4), 0.6, 1234.5)
    run(line, time, range(4, 300), 0.6, 1.0)
    screen = ""
    for state in stream.getvalue().split("\r"):
        screen = state + screen[len(state) :]
    assert screen.rstrip() == stream.states()[-1]


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 120), st.integers(0, 10**9), st.floats(0, 1e30), st.floats(0, 1e12))
def test_no_state_is_wider_than_the_terminal(columns: int, step: int, loss: float, tokens: float) -> None:
    stream, time = Stream(), Time()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        line = Line(10**9, 1e7, flops_per_token=1e9, peak=1e11, stream=stream, clock=time)
        for _ in range(3):
            time.now += 1
            line.update(step, loss, tokens)
        line.close()
    assert all(len(state) <= max(columns - 1, 1) for state in re.split(r"\r|\n", stream.getvalue()))
    stream.getvalue().encode("ascii")


def test_what_is_wanted_least_is_left_out_first() -> None:
    parts = [(0, "step 1 of 2"), (1, "loss 2.000"), (3, "5 tokens/s"), (4, "4 % of peak"), (2, "1 s left")]
    whole = "step 1 of 2 | loss 2.000 | 5 tokens/s | 4 % of peak | 1 s left"
    found = list(dict.fromkeys(fitted(parts, room) for room in range(len(whole), 10, -1)))
    assert found == [
        whole, "step 1 of 2 | loss 2.000 | 5 tokens/s | 1 s left", "step 1 of 2 | loss 2.000 | 1 s left",
        "step 1 of 2 | loss 2.000", "step 1 of 2",
    ]  # fmt: skip
    assert fitted(parts, 6) == "step 1"


def test_the_loss_is_a_mean_that_follows() -> None:
    time = Time()
    line = Line(stream=Stream(), clock=time)
    line.update(1, 4.0, 1)
    assert "loss 4.000" in line.text()
    line.update(2, 2.0, 1)
    assert 2.9 < float(line.text().split("loss ")[1].split()[0]) < 3.0
    for step in range(3, 200):
        line.update(step, 1.0, 1)
    assert "loss 1.000" in line.text()


def test_a_loss_that_is_not_finite_is_told_and_forgotten() -> None:
    line = Line(stream=Stream(), clock=Time())
    line.update(1, 1.0, 1)
    line.update(2, float("inf"), 1)
    assert line.text() == "step 2 | loss not finite"
    line.update(3, 1.0, 1)
    assert line.text() == "step 3 | loss 1.000"


def test_a_resumed_training_does_not_count_what_was_done_before() -> None:
    time = Time()
    timed = Line(seconds=600, spent=300, done=900, stream=Stream(), clock=time)
    line = Line(1000, done=900, stream=Stream(), clock=time)
    run(line, time, range(901, 911), 1.0)
    timed.update(910, 2.0, 1000)
    assert timed.text() == "5.2 of 10.0 min | loss 2.000 | 100 tokens/s | 4 min 50 s left"
    assert line.text() == "step 910 of 1,000 | loss 2.000 | 100 tokens/s | 1 min 30 s left"


def test_a_score_gets_its_own_line_and_its_time_is_no_training() -> None:
    stream, time = Stream(), Time()
    line = Line(1000, stream=stream, clock=time)
    run(line, time, range(1, 11), 1.0)
    time.now += 500
    line.say("step 10: dev loss 1.5")
    run(line, time, range(11, 13), 1.0)
    first, _, second = stream.getvalue().rpartition("\n")
    assert first.split("\r")[-1].rstrip() == "step 10: dev loss 1.5"
    assert (
        second.split("\r")[-1].rstrip() == "step 12 of 1,000 | loss 2.000 | 100 tokens/s | 16 min 28 s left"
    )


def test_a_stream_that_is_gone_does_not_end_the_training() -> None:
    class Gone(Stream):
        def write(self, text: str) -> int:
            raise BrokenPipeError(text)

    closed, time = Stream(), Time()
    for stream in (Gone(), closed):
        line = Line(10, stream=stream, clock=time)
        if stream is closed:
            stream.close()
        run(line, time, range(1, 11))
        line.close()
        assert line.stream is None


def test_a_wrong_peak_is_refused() -> None:
    time = Time()
    line = Line(10, flops_per_token=1.0, peak=-1.0, stream=Stream(), clock=time)
    with pytest.raises(ConfigError, match="matrix_peak"):
        run(line, time, range(1, 3))


@pytest.mark.parametrize(
    ("seconds", "written"), [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3840, "1 h 04 min")]
)
def test_short(seconds: float, written: str) -> None:
    assert short(seconds) == written


def test_what_counts_no_tokens_has_no_pace_of_them() -> None:
    stream, time = Stream(), Time()
    line = Line(10, stream=stream, clock=time)
    for step in range(1, 6):
        time.now += 2.0
        line.update(step, 1.0, 0.0)
    assert stream.states()[-1] == "step 5 of 10 | loss 1.000 | 10 s left"
