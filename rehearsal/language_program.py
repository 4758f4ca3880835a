"""Runs one Pulumi program as the official language host's executor does; started by `language_host.py`.

Options name the engine's addresses and the stack; PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS in the environment hold
the config as JSON. Exit code 32: the program failed and has said why. It imports nothing of this project, for it may
run in another project's virtual environment.
"""

import argparse
import asyncio
import gc
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor

import pulumi
import pulumi.runtime

HAS_SAID_WHY = 32


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of the command line, the program's folder or file, and the program's own arguments."""
    parser = argparse.ArgumentParser(description="Run a Pulumi program")
    for name in ("monitor", "engine", "project", "root_directory", "stack", "pwd", "organization"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--dry_run", type=lambda text: text == "true")
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("program")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser.parse_args(arguments)


def configure(options: argparse.Namespace) -> None:
    """Connect Pulumi's runtime to the engine, and give it the config."""
    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=options.project,
            stack=options.stack,
            monitor=options.monitor,
            engine=options.engine,
            parallel=options.parallel,
            dry_run=options.dry_run,
            organization=options.organization,
            root_directory=options.root_directory,
        )
    )


def run(program: str, parallel: int) -> int:
    """Run *program* in this thread, wait for all it set going, and return the exit code."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a failed program leaves futures that nobody awaits
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * 4)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _run(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:  # noqa: BLE001 - the very top: whatever the program raises is for its user to read
        pulumi.log.error(f"Program failed with an unhandled exception:\n{_traceback(program)}")
        return HAS_SAID_WHY
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _run(program: str) -> None:
    if os.path.isdir(program) and not os.path.exists(os.path.join(program, "__main__.py")):
        pulumi.log.error(f"unable to find main python program `__main__.py` in `{os.path.abspath(program)}`")
        sys.exit(HAS_SAID_WHY)
    runpy.run_path(program, run_name="__main__")


def _traceback(program: str) -> str:
    """The present exception's traceback from the program's own first line on, when it got that far."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    main = os.path.abspath(os.path.join(program, "__main__.py") if os.path.isdir(program) else program)
    own = next((index for index, frame in enumerate(frames) if os.path.abspath(frame.filename) == main), 0)
    return traceback.format_exc(limit=own - len(frames))


def main() -> int:
    """Do what the command line says; returns the exit code."""
    gc.set_threshold(100_000, 20, 100)  # pulumi_aws makes a million objects for good: walking them is a sixth of a run
    options = parse(sys.argv[1:])
    configure(options)
    sys.argv = [options.program, *options.arguments]
    if options.pwd:
        os.chdir(options.pwd)
    return run(options.program, options.parallel)


if __name__ == "__main__":
    sys.exit(main())
