"""The state of the stack's services in Swarm, and waiting until an update is settled."""

from __future__ import annotations

import time

from scripts.stack.shell import output, run, setting

SERVICES = ("api", "nginx")


def stack_name() -> str:
    return setting("COMPOSE_PROJECT_NAME", "flaskrandom")


class Service:
    """One service of the stack; its properties are empty when Swarm does not have it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.full_name = f"{stack_name()}_{name}"

    def _inspect(self, template: str) -> str:
        return output("docker", "service", "inspect", "--format", template, self.full_name)

    @property
    def tag(self) -> str:
        return self._inspect('{{index .Spec.Labels "flaskrandom.tag"}}')

    @property
    def image(self) -> str:
        return self._inspect("{{.Spec.TaskTemplate.ContainerSpec.Image}}")

    @property
    def previous_tag(self) -> str:
        return self._inspect('{{with .PreviousSpec}}{{index .Labels "flaskrandom.tag"}}{{end}}')

    @property
    def state(self) -> str:
        return self._inspect("{{with .UpdateStatus}}{{.State}}{{end}}")

    def roll_back(self) -> None:
        run("docker", "service", "rollback", "--detach", self.full_name)

    def settle(self) -> str:
        """Follow an update until Swarm has settled it, a line for each step.

        Returns:
            settled; rolled back, if Swarm has undone it by itself; failing; or slow, after DEPLOY_TIMEOUT seconds.
        """
        deadline = time.monotonic() + float(setting("DEPLOY_TIMEOUT", "900"))
        said, quiet = "", 0
        while time.monotonic() < deadline:
            state, running, wanted = self.state, *self._tasks()
            step = f"{running}/{wanted} tasks run {self.tag}" + f" ({state.replace('_', ' ')})" * bool(state)
            if step != said:
                print(f"    {self.name}: {step}", flush=True)
                said, quiet = step, 0
            whole = running == wanted > 0
            quiet += whole and not state
            if state == "rollback_completed":
                return "rolled back"
            if state in ("rollback_paused", "paused"):
                return "failing"
            # Swarm has no update state for a new or unchanged service: wait until its tasks are stable.
            if whole and (state == "completed" or quiet > 5):
                return "settled"
            if not state and self._failures() > 5 and not self.previous_tag:
                return "failing"
            time.sleep(1)
        return "slow"

    def _tasks(self) -> tuple[int, int]:
        """The number of tasks that run the service's image, and the desired number."""
        wanted = 0
        for line in output("docker", "service", "ls", "--format", "{{.Name}} {{.Replicas}}").splitlines():
            name, replicas = line.split()[:2]
            if name == self.full_name:
                wanted = int(replicas.split("/")[1])
        image = self.image
        found = self._ps("running", "{{.Image}} {{.CurrentState}}")
        return sum(line.startswith(f"{image} Running") for line in found), wanted

    def _ps(self, desired: str, template: str) -> list[str]:
        options = ("--no-trunc", "--filter", f"desired-state={desired}", "--format", template)
        return output("docker", "service", "ps", *options, self.full_name).splitlines()

    def _failures(self) -> int:
        return len([error for error in self._ps("shutdown", "{{.Error}}") if error])

    def why_failed(self, image: str) -> str:
        """The state of the latest tasks of that image, and the last log lines of their containers."""
        lines = ["    " + self._inspect("{{with .UpdateStatus}}{{.Message}}{{end}}")]
        tasks = [
            line.split("|", 3)
            for line in self._ps("shutdown", "{{.Image}}|{{.ID}}|{{.Node}}|{{.CurrentState}} {{.Error}}")
        ]
        for _, ident, node, state in [task for task in tasks if task[0].split("@")[0] == image.split("@")[0]][:2]:
            # If a task has lost its machine or never had one, waiting for its logs may never end.
            logs = run("docker", "service", "logs", "--raw", "--tail", "10", ident, seconds=20)
            said = (logs.stdout + logs.stderr).splitlines()
            lines += [f"    on {node}: {state}", *(f"    | {line}" for line in said)]
        return "\n".join(lines)
