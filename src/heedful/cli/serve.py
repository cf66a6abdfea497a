"""`heedful serve`: a saved classifier behind HTTP."""

import click


@click.command()
@click.argument("artefact")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."
)
@click.option("--json", "as_json", is_flag=True, help="Print the address as one JSON document on stdout.")
def serve(artefact: str, host: str, port: int, as_json: bool) -> None:
    """Answer over HTTP with the classifier in the folder ARTEFACT.

    POST /predict takes {"text": "..."} or {"texts": ["...", "..."]}; GET /health says that it lives;
    GET / is a page to try it. SIGTERM or Ctrl-C finishes what is in flight, then stops.
    """
    import json

    from heedful.cli.artefact import single
    from heedful.studio import server

    estimator = single(artefact)
    if not server.is_loopback(host):
        click.echo(
            f"heedful: warning: {host} may be reached from other machines, and there is no password.",
            err=True,
        )

    def ready(url: str) -> None:
        click.echo(f"Heedful serves {estimator.method} at {url} (Ctrl-C to stop)", err=True)
        if as_json:
            click.echo(json.dumps({"url": url, "method": estimator.method}))

    server.serve(estimator, host, port, ready)
