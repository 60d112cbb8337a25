"""The `kneecds` command: finds its subcommands when they are asked for, and turns failures into exit codes.

0 answered, 1 the input has errors (there may still be an answer), 2 the command was used wrongly, 3 our fault.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Any

import click

from kneecds._version import __version__

COMMANDS: dict[str, str] = {
    "assess": "kneecds.cli.assess:assess",
    "case": "kneecds.cli.case:case",
    "conformance": "kneecds.cli.conformance:conformance",
    "database": "kneecds.cli.database:database",
    "evaluate": "kneecds.cli.evaluate:evaluate",
    "explain": "kneecds.cli.explain:explain",
    "extract": "kneecds.cli.extract:extract",
    "feedback": "kneecds.cli.feedback:feedback",
    "knowledge": "kneecds.cli.knowledge:knowledge",
    "profiles": "kneecds.cli.profiles:profiles",
    "questionnaire": "kneecds.cli.questionnaire:questionnaire",
    "schema": "kneecds.cli.schema:schema",
    "serve": "kneecds.cli.serve:serve",
    "validate": "kneecds.cli.validate:validate",
}
"""Every command with where it is."""


class LazyGroup(click.Group):
    """A group that imports a command when it is used, and lets no exception reach the terminal as a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names without importing anything."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run the command; whatever goes wrong becomes a message and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click knows what to do
        except Exception as problem:  # noqa: BLE001 - the edge: nothing may pass unreported
            from kneecds.cli import failures  # noqa: PLC0415 - only needed when something failed

            ctx.exit(failures.report(problem))


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's callback
    if wanted and not ctx.resilient_parsing:
        click.echo(f"kneecds {__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    epilog="Example: kneecds assess bundle.json",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and stop.",
)
def kneecds() -> None:
    """Read FHIR about knee complaints; answer with an escalation, hypotheses and options, each with its reasons.

    For clinicians and the systems they use: it supports their judgement and does not replace it.

    Exit codes: 0 answered, 1 the input has errors, 2 wrong usage, 3 our fault.
    """


def main() -> None:
    """Run as a program."""
    gc.disable()  # one answer and out: collecting in between costs a tenth of the time and frees nothing
    kneecds(prog_name="kneecds")
