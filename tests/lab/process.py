"""Running commands, waiting for conditions and holding locks."""

import contextlib
import fcntl
import os
import select
import shlex
import signal
import subprocess
import threading
import time

CLEAN_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


class LabError(Exception):
    """Something that the user of the lab should read as one clear line."""


class CommandFailed(LabError):
    """A command ended with another status than 0."""

    def __init__(self, argv, result):
        self.result = result
        words = shlex.join(str(word) for word in argv)
        said = (result.stderr or result.stdout or "").strip() or "no output"
        super().__init__(f"{words[:200]}: exit status {result.returncode}: {said[-600:]}")


def run(argv, timeout=60, check=True, input_text=None, keep_open=()):
    """Run a command with a clean environment and give back its CompletedProcess.

    The command gets a session of its own, so that at the time limit its children end with it:
    nsenter with a PID namespace forks, and killing only nsenter would leave its child behind. keep_open: file
    descriptors that the command inherits.
    """
    process = subprocess.Popen(
        [str(word) for word in argv], cwd="/", env=CLEAN_ENVIRONMENT, text=True, start_new_session=True,
        stdin=subprocess.DEVNULL if input_text is None else subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace", pass_fds=keep_open)
    try:
        out, err = process.communicate(input_text, timeout=timeout)
    except subprocess.TimeoutExpired:
        end_session(process)
        raise LabError(f"{shlex.join(str(word) for word in argv)[:200]}: no end within {timeout} s") from None
    except BaseException:
        end_session(process)
        raise
    result = subprocess.CompletedProcess(argv, process.returncode, out, err)
    if check and result.returncode != 0:
        raise CommandFailed(argv, result)
    return result


def first_line(argv, timeout):
    """The first line that a command prints, which is then ended; LabError at the time limit.

    For commands that follow something: unlike asking again and again, waiting so takes no CPU from what is waited for.
    """
    process = subprocess.Popen(
        [str(word) for word in argv], cwd="/", env=CLEAN_ENVIRONMENT, text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, errors="replace")
    try:
        ready, _, _ = select.select([process.stdout], [], [], timeout)
        line = process.stdout.readline() if ready else ""
    finally:
        end_session(process)
    if not line:
        raise LabError(f"{shlex.join(str(word) for word in argv)[:200]}: no line within {timeout} s")
    return line


def end_session(process):
    """Kill a child that leads its own session, with all that it started there, and reap it.

    The child has not been waited for, so its number cannot belong to anybody else yet.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def wait_for(condition, seconds, what, pause=0.1):
    """Call condition() until it gives something true, and give that back; LabError after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {seconds} s")
        time.sleep(pause)


@contextlib.contextmanager
def locked(path):
    """Hold an exclusive lock on a file, waiting for it as long as it takes; gives the file descriptor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()


@contextlib.contextmanager
def signals_held():
    """Put SIGINT and SIGTERM off until the block ends: cleaning up must not be cut in half."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def exit_on_signals():
    """Turn SIGTERM and SIGHUP into an orderly exit, so that context managers clean up."""
    def leave(number, _frame):
        raise SystemExit(128 + number)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)
