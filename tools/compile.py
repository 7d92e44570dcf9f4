"""contracts/ -> client/testamur/artifacts: what `./run compile` runs.

Every source, OpenZeppelin's parts included, goes into one self-contained standard-JSON input, so that anyone can
compile it again without this repository. The code carries no metadata: a changed comment changes no code hash.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import solcx

__all__ = ["CONTRACTS", "artifacts", "main", "standard_json_input"]

ROOT = Path(__file__).resolve().parent.parent
SOLC = ROOT / "tools" / "solc"
OUT = "client/testamur/artifacts"
INPUT_FILE = "inputs/testamur.json"
EXPOSED = "tests/contracts/LibrariesExposed"
"""A contract that only the tests know: the libraries' functions as calls."""

CONTRACTS = {
    "Alliance": "governance",
    "BlockHistory": "chain",
    "CredentialBatches": "credentials",
    "Directory": "governance",
    "IssuerRegistry": "registry",
    "Keys": "registry",
    "Operators": "governance",
    "Permissions": "chain",
    "QualificationFrameworks": "recognition",
    "StatusRegistry": "credentials",
}
"""The contracts that are deployed, and their folders; what they inherit has no artifact of its own."""

SETTINGS = {
    "evmVersion": "prague",
    "optimizer": {"enabled": True, "runs": 200},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "outputSelection": {
        "*": {
            "": ["ast"],
            "*": [
                "abi",
                "evm.bytecode.object",
                "evm.deployedBytecode.object",
                "evm.deployedBytecode.immutableReferences",
                "storageLayout",
            ],
        }
    },
}

_IMPORT = re.compile(r'^import\s+(?:[^"]*\sfrom\s+)?"([^"]+)";', re.MULTILINE)


def standard_json_input(units: Iterable[str]) -> dict[str, Any]:
    """The compiler's input: the source units, named by their paths in the repository, and all that they import."""
    waiting = {unit: ROOT / unit for unit in units}
    sources: dict[str, str] = {}
    while waiting:
        unit, path = waiting.popitem()
        sources[unit] = path.read_text(encoding="utf-8")
        for target in _IMPORT.findall(sources[unit]):
            imported = _resolve(unit, target)
            if imported not in sources:
                waiting[imported] = ROOT / ("node_modules" if imported.startswith("@") else "") / imported
    return {
        "language": "Solidity",
        "sources": {unit: {"content": sources[unit]} for unit in sorted(sources)},
        "settings": SETTINGS,
    }


def compiled(compiler_input: Mapping[str, Any]) -> dict[str, Any]:
    """The compiler's output; its warnings end the run as errors do."""
    try:
        output: dict[str, Any] = solcx.compile_standard(dict(compiler_input), solc_binary=SOLC, allow_empty=True)
    except solcx.exceptions.SolcError as error:
        raise SystemExit(error.message) from error
    problems = [problem["formattedMessage"] for problem in output.get("errors", [])]
    if problems:
        raise SystemExit("\n".join(problems))
    return output


def artifacts() -> dict[str, str]:
    """Path in the repository -> text, for every file that this tool writes."""
    compiler_input = standard_json_input(f"contracts/{folder}/{name}.sol" for name, folder in CONTRACTS.items())
    output = compiled(compiler_input)
    text = _dump(compiler_input)
    names = _immutables(output)
    files = {f"{OUT}/{INPUT_FILE}": text}
    for name, folder in CONTRACTS.items():
        contract = output["contracts"][f"contracts/{folder}/{name}.sol"][name]
        source = {"file": INPUT_FILE, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        files[f"{OUT}/{name}.json"] = _dump(_artifact(name, contract, names) | {"standardJsonInput": source})
    unit, name = f"{EXPOSED}.sol", EXPOSED.rpartition("/")[2]
    exposed = compiled(standard_json_input([unit]))["contracts"][unit][name]
    return files | {f"{EXPOSED}.json": _dump(_artifact(name, exposed, {}))}


def _artifact(name: str, contract: Mapping[str, Any], immutables: Mapping[str, str]) -> dict[str, Any]:
    evm = contract["evm"]
    places = evm["deployedBytecode"].get("immutableReferences", {})
    return {
        "contractName": name,
        "compiler": "solc 0.8.30",
        "abi": contract["abi"],
        "bytecode": "0x" + evm["bytecode"]["object"],
        "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
        "immutableReferences": {immutables[node]: place for node, place in sorted(places.items())},
        "storageLayout": _without_ast_ids(contract["storageLayout"]),
    }


def _immutables(output: Mapping[str, Any]) -> dict[str, str]:
    """Number of a syntax node -> `Contract.variable`, of every immutable: the numbers change with any source."""
    return {
        str(node["id"]): f"{contract['name']}.{node['name']}"
        for source in output["sources"].values()
        for contract in source["ast"]["nodes"]
        if contract["nodeType"] == "ContractDefinition"
        for node in contract["nodes"]
        if node.get("mutability") == "immutable"
    }


def main() -> int:
    """Write the artifacts and say how large each contract is (the EVM's limit is 24,576 bytes)."""
    for name, text in artifacts().items():
        path = ROOT / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        code = json.loads(text).get("deployedBytecode")
        if code:
            print(f"{path.stem:<24} {len(code) // 2 - 1:>6} bytes")
    return 0


def _resolve(unit: str, target: str) -> str:
    """The source unit that `target` names when `unit` imports it."""
    if not target.startswith("."):
        return target
    parts = unit.split("/")[:-1]
    for step in target.split("/"):
        if step == "..":
            parts.pop()
        elif step != ".":
            parts.append(step)
    return "/".join(parts)


def _without_ast_ids(layout: Mapping[str, Any]) -> dict[str, Any]:
    """The storage layout without the numbers that the compiler gives syntax nodes: they change with any source."""

    def clean(text: str) -> str:
        return re.sub(r"(t_(?:struct|enum|contract|userDefinedValueType)\(\w+\))\d+", r"\1", text)

    cleaned: dict[str, Any] = json.loads(clean(json.dumps(layout)), object_hook=_drop_ast_id)
    return cleaned


def _drop_ast_id(entry: dict[str, Any]) -> dict[str, Any]:
    entry.pop("astId", None)
    return entry


def _dump(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
