"""Runs schemathesis with the document against a simulator: account's mode, phases, examples of each operation, document, folder."""

import os
import subprocess
import sys
from pathlib import Path

from simulator import Simulator

# What an answer must be. Whether a request is refused is no question of HTTP here: refusals come with 200.
CHECKS = "status_code_conformance,content_type_conformance,response_schema_conformance,not_a_server_error,refusals_are_described"
# Effects that the run has to reach, or it has asked nothing but credentials.
EFFECTS = {"dial", "campaign", "lead", "block", "outbound", "whatsapp", "token"}


def main(mode, phases, examples, document, folder):
    with Simulator(mode) as simulator:
        environment = os.environ | {"SIMULATOR": simulator.url, "SCHEMATHESIS_HOOKS": "hooks", "ACCOUNT_MODE": mode}
        command = [Path(sys.executable).with_name("schemathesis"), "run", document, "--url", simulator.url]
        command += ["--phases", phases, "--max-examples", examples, "--seed", "7", "--checks", CHECKS]
        command += ["--continue-on-failure", "--no-shrink", "--warnings", "off", "--no-color"]
        result = subprocess.run(command, cwd=folder, env=environment, check=False)
        missing = EFFECTS.difference(simulator.effects())
    if missing:
        print(f"no request had the effect of {sorted(missing)}")
    return result.returncode or bool(missing)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
