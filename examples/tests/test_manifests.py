"""deploy/kubernetes, deploy/compose and deploy/systemd, against their schemas, and what they run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

import capsock
import places

FOLDER = places.ROOT / "deploy"
LIMIT = 30
TRANSPORTS = ("tcp", "udp")
SYSTEMD_ANALYZE = shutil.which("systemd-analyze")

# The first with `preStop.sleep` by default.
OLDEST_KUBERNETES = (1, 30)

# Of the image, which packaging/oci makes.
USER = 65532

needs_systemd = pytest.mark.skipif(
    SYSTEMD_ANALYZE is None, reason="systemd-analyze is not installed (Debian: systemd)"
)
each_transport = pytest.mark.parametrize("transport", TRANSPORTS)


def kubernetes(transport: str) -> dict[str, Any]:
    """The objects by their kinds."""
    text = (FOLDER / "kubernetes" / f"{transport}.yaml").read_text(encoding="utf-8")
    return {one["kind"]: one for one in yaml.safe_load_all(text)}


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((FOLDER / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    return read


def unit(transport: str) -> str:
    return (FOLDER / "systemd" / f"capsock-{transport}.service").read_text(encoding="utf-8")


def versions() -> list[str]:
    named = kubernetes_validate.utils.all_versions()
    return [one for one in named if tuple(int(part) for part in one.split(".")[:2]) >= OLDEST_KUBERNETES]


@each_transport
def test_kubernetes_takes_the_objects(transport: str) -> None:
    objects = kubernetes(transport)
    assert set(objects) == {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"}
    assert len(versions()) > 5
    for version in versions():
        for one in objects.values():
            kubernetes_validate.validate(one, version, strict=True)


def test_the_schema_refuses_what_kubernetes_does_not_have() -> None:
    wrong = kubernetes("tcp")["Deployment"]
    wrong["spec"]["template"]["spec"]["containers"][0]["readinessProbes"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, versions()[-1], strict=True)


@each_transport
def test_the_objects_of_kubernetes_fit_each_other(transport: str) -> None:
    objects = kubernetes(transport)
    spec = objects["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels
    assert objects["Service"]["spec"]["selector"] == labels
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert (
        objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"]
        == objects["Deployment"]["metadata"]["name"]
    )
    # An eviction may always take one.
    assert (
        objects["HorizontalPodAutoscaler"]["spec"]["minReplicas"]
        > objects["PodDisruptionBudget"]["spec"]["maxUnavailable"]
    )

    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    ports = {port["name"]: port for port in container["ports"]}
    (port,) = objects["Service"]["spec"]["ports"]
    assert port["protocol"] == ports[port["targetPort"]]["protocol"] == transport.upper()
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
    options = dict(one[2:].split("=") for one in container["args"] if one.startswith("--"))
    assert int(options["port"]) == ports["requests"]["containerPort"]
    assert options["metrics"] == f":{ports['metrics']['containerPort']}"
    before = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert before + int(options["stop-timeout"]) < pod["terminationGracePeriodSeconds"]
    # The probe has failed before SIGTERM would.
    assert (
        before
        > container["readinessProbe"]["periodSeconds"] * container["readinessProbe"]["failureThreshold"]
    )
    assert pod["securityContext"]["runAsUser"] == USER
    assert container["securityContext"]["readOnlyRootFilesystem"]


def test_compose_takes_the_file() -> None:
    schema = json.loads(
        (places.EXAMPLES / "tests" / "schemas" / "compose-spec.json").read_text(encoding="utf-8")
    )
    validator = jsonschema.Draft7Validator(schema)
    validator.validate(compose())
    assert not validator.is_valid({"services": {"tcp": {"image": "capsock", "read-only": True}}})

    services = compose()["services"]
    assert set(services) == set(TRANSPORTS)
    for transport, service in services.items():
        assert f"12000:12000/{transport}" in service["ports"]
        assert service["user"] == f"{USER}:{USER}"
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]


@needs_systemd
@each_transport
def test_systemd_takes_the_unit(transport: str, tmp_path: Path) -> None:
    there = tmp_path / f"capsock-{transport}.service"
    # It looks for the program, and for the page of the manual.
    command = shlex.quote(str(places.CAPSOCK))
    there.write_text(unit(transport).replace("/usr/local/bin/capsock", command), encoding="utf-8")
    for words in ("verify --man=no", "security --offline=true --threshold=20 --no-pager"):
        run = subprocess.run(
            [str(SYSTEMD_ANALYZE), *words.split(), str(there)], capture_output=True, text=True, timeout=LIMIT
        )
        assert run.returncode == 0, run.stdout + run.stderr
        # Of what it does not know it only warns.
        assert run.stderr == ""


@needs_systemd
@each_transport
def test_systemd_takes_the_socket_of_the_unit(transport: str, tmp_path: Path) -> None:
    name = f"capsock-{transport}"
    text = unit(transport).replace("/usr/local/bin/capsock", shlex.quote(str(places.CAPSOCK)))
    (tmp_path / f"{name}.service").write_text(text, encoding="utf-8")
    sockets = (FOLDER / "systemd" / f"{name}.socket").read_text(encoding="utf-8")
    there = tmp_path / f"{name}.socket"
    there.write_text(sockets, encoding="utf-8")
    run = subprocess.run(
        [str(SYSTEMD_ANALYZE), "verify", "--man=no", str(there)],
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert (run.returncode, run.stderr) == (0, "")
    # The port that the unit binds without it.
    kind = {"tcp": "ListenStream", "udp": "ListenDatagram"}[transport]
    assert f"\n{kind}=12000\n" in sockets
    assert "--port=12000" in text


def command_lines() -> list[Any]:
    """What the manifests run, without the program's name."""
    lines = []
    for transport in TRANSPORTS:
        (container,) = kubernetes(transport)["Deployment"]["spec"]["template"]["spec"]["containers"]
        lines.append(pytest.param(container["args"], id=f"kubernetes-{transport}"))
        lines.append(pytest.param(compose()["services"][transport]["command"], id=f"compose-{transport}"))
        found = re.findall(r"^ExecStart=/usr/local/bin/capsock (.+)$", unit(transport), re.MULTILINE)
        lines.append(pytest.param(shlex.split(found[0]), id=f"systemd-{transport}"))
    return lines


@pytest.mark.parametrize("words", command_lines())
def test_the_command_takes_the_options(words: list[str]) -> None:
    free = [re.sub(r"^(--port=|--metrics=[^:]*:)\d+$", r"\g<1>0", word) for word in words]
    assert len(set(words) - set(free)) == 2
    # On loopback only, as all tests.
    free = ["--host=127.0.0.1" if word == "--host=" else word for word in free]
    free = ["--metrics=127.0.0.1:0" if word == "--metrics=:0" else word for word in free]
    command = [str(places.CAPSOCK), *free, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            ready = json.loads(server.stdout.readline())
            assert ready["transport"] == words[1]
            client = {"tcp": capsock.TcpClient, "udp": capsock.UdpClient}[words[1]]
            with client("127.0.0.1", ready["port"]) as one:
                assert one.request("hello") == "HELLO"
            # The check of Compose is the command's own client.
            _, _, *check = compose()["services"][words[1]]["healthcheck"]["test"]
            assert check[2:4] == ["127.0.0.1", "12000"]
            check[3] = str(ready["port"])
            said = subprocess.check_output([str(places.CAPSOCK), *check], text=True, timeout=LIMIT)
            assert said == "HELLO\n"
            server.terminate()
            server.communicate(timeout=LIMIT)
        finally:
            server.kill()
    # SuccessExitStatus of the unit.
    assert server.returncode == 128 + signal.SIGTERM
