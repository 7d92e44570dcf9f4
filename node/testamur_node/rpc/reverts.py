"""What a contract said when it reverted: Error(string) and Panic(uint256) of Solidity, in geth's words."""

from testamur_node.execution.executor import CallResult
from testamur_node.rpc.codec import data
from testamur_node.rpc.errors import RevertError, RpcError, ServerRefusalError

__all__ = ["revert_reason", "revert_message", "call_error"]

_ERROR = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
_PANICS = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}


def revert_reason(output: bytes) -> str | None:
    """The text in revert data; None where it holds none."""
    if output[:4] == _PANIC and len(output) >= 36:
        code = int.from_bytes(output[4:36], "big")
        return _PANICS.get(code, f"unknown panic code: {code:#x}")
    if output[:4] != _ERROR or len(output) < 68:
        return None
    offset = 4 + int.from_bytes(output[4:36], "big")
    length = int.from_bytes(output[offset : offset + 32], "big")
    text = output[offset + 32 : offset + 32 + length]
    return text.decode("utf-8", errors="replace") if len(text) == length else None


def call_error(result: CallResult) -> RpcError:
    """The JSON-RPC error of a message that failed: 3 with data for a revert, else -32000."""
    if not result.is_revert:
        return ServerRefusalError(result.error or "execution failed")
    return RevertError(revert_message(result.output), data(result.output))


def revert_message(output: bytes) -> str:
    """The sentence for revert data, its reason at the end where it names one."""
    reason = revert_reason(output)
    return "execution reverted" if reason is None else f"execution reverted: {reason}"
