"""What every instruction takes from the stack and gives, and what geth charges for it before it looks at operands.

py-evm's opcodes check as they go; geth checks the stack first and words its refusals after these figures. Traces show
them, so they have to be the same.
"""

from testamur_node.chain.rules import Fork

__all__ = ["stack_problem", "plain_cost", "name_of"]

_TAKES_GIVES = {
    0x00: (0, 0), 0x08: (3, 1), 0x09: (3, 1), 0x15: (1, 1), 0x19: (1, 1), 0x20: (2, 1), 0x30: (0, 1), 0x31: (1, 1),
    0x32: (0, 1), 0x33: (0, 1), 0x34: (0, 1), 0x35: (1, 1), 0x36: (0, 1), 0x37: (3, 0), 0x38: (0, 1), 0x39: (3, 0),
    0x3A: (0, 1), 0x3B: (1, 1), 0x3C: (4, 0), 0x3D: (0, 1), 0x3E: (3, 0), 0x3F: (1, 1), 0x40: (1, 1), 0x49: (1, 1),
    0x50: (1, 0), 0x51: (1, 1), 0x52: (2, 0), 0x53: (2, 0), 0x54: (1, 1), 0x55: (2, 0), 0x56: (1, 0), 0x57: (2, 0),
    0x58: (0, 1), 0x59: (0, 1), 0x5A: (0, 1), 0x5B: (0, 0), 0x5C: (1, 1), 0x5D: (2, 0), 0x5E: (3, 0), 0x5F: (0, 1),
    0xF0: (3, 1), 0xF1: (7, 1), 0xF2: (7, 1), 0xF3: (2, 0), 0xF4: (6, 1), 0xF5: (4, 1), 0xFA: (6, 1), 0xFD: (2, 0),
    0xFF: (1, 0),
    **dict.fromkeys((*range(1, 8), 10, 11, *range(16, 21), *range(22, 25), *range(26, 30)), (2, 1)),
    **dict.fromkeys((*range(65, 73), 74, *range(96, 128)), (0, 1)),
    **{0x80 + depth: (depth + 1, depth + 2) for depth in range(16)},
    **{0x90 + depth: (depth + 2, depth + 2) for depth in range(16)},
    **{0xA0 + topics: (topics + 2, 0) for topics in range(5)},
}  # fmt: skip
_STACK_LIMIT = 1024
_FREE = frozenset({0x00, 0x0A, 0x54, 0x55, 0xF3, 0xFD, *range(0xA0, 0xA5)})
"""Charged by their operands alone."""
_COSTS = {
    0x20: 30, 0x40: 20, 0x5B: 1, 0x5C: 100, 0x5D: 100, 0xF0: 32_000, 0xF5: 32_000, 0xFF: 5_000,
    **dict.fromkeys((0x31, 0x3B, 0x3C, 0x3F, 0xF1, 0xF2, 0xF4, 0xFA), 100),
    **dict.fromkeys((0x02, 0x04, 0x05, 0x06, 0x07, 0x0B, 0x47), 5), **dict.fromkeys((0x08, 0x09, 0x56), 8), 0x57: 10,
    **dict.fromkeys((0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3A, 0x3D, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x48,
    0x4A), 2),
    **dict.fromkeys((0x50, 0x58, 0x59, 0x5A, 0x5F), 2),
}  # fmt: skip
"""Since Berlin; everything else costs 3."""
_COSTS_BEFORE = {
    Fork.TANGERINE_WHISTLE: {0x54: 50, 0xFF: 0, **dict.fromkeys((0x31, 0x3B, 0x3C), 20),
    **dict.fromkeys((0xF1, 0xF2, 0xF4), 40)},
    Fork.ISTANBUL: {0x54: 200, 0xFF: 0, **dict.fromkeys((0x31, 0x3F), 400),
    **dict.fromkeys((0x3B, 0x3C, 0xF1, 0xF2, 0xF4, 0xFA), 700)},
    Fork.BERLIN: {0x54: 800, 0xFF: 0, **dict.fromkeys((0x31, 0x3B, 0x3C, 0x3F, 0xF1, 0xF2, 0xF4, 0xFA), 700)},
}  # fmt: skip
"""What was another price before the fork that is named (EIP-150, 1884, 2929); the first fork to come counts."""
_NAMES = {
    start + offset: name
    for start, names in (
        (0x00, "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND"),
        (0x10, "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ"),
        (0x20, "KECCAK256"),
        (0x30, "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE CODECOPY"),
        (0x3A, "GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH BLOCKHASH COINBASE"),
        (0x42, "TIMESTAMP NUMBER DIFFICULTY GASLIMIT CHAINID SELFBALANCE BASEFEE BLOBHASH BLOBBASEFEE"),
        (0x50, "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE MCOPY PUSH0"),
        (0x60, " ".join(f"PUSH{count}" for count in range(1, 33))),
        (0x80, " ".join(f"DUP{count}" for count in range(1, 17))),
        (0x90, " ".join(f"SWAP{count}" for count in range(1, 17))),
        (0xA0, "LOG0 LOG1 LOG2 LOG3 LOG4"),
        (0xD0, "DATALOAD DATALOADN DATASIZE DATACOPY"),
        (0xE0, "RJUMP RJUMPI RJUMPV CALLF RETF JUMPF DUPN SWAPN EXCHANGE"),
        (0xEC, "EOFCREATE"),
        (0xEE, "RETURNCONTRACT"),
        (0xF0, "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2"),
        (0xF7, "RETURNDATALOAD EXTCALL EXTDELEGATECALL STATICCALL EXTSTATICCALL"),
        (0xFD, "REVERT INVALID SELFDESTRUCT"),
    )
    for offset, name in enumerate(names.split())
}
"""geth's names, of instructions to come as well: a trace shows them where the block's fork knows none."""


def stack_problem(opcode: int, size: int) -> str | None:
    """Why an instruction cannot run on a stack of `size` words, in geth's words; None where it can."""
    takes, gives = _TAKES_GIVES.get(opcode, (0, 0))
    if size < takes:
        return f"stack underflow ({size} <=> {takes})"
    most = _STACK_LIMIT + takes - gives
    return f"stack limit reached {size} ({most})" if size > most else None


def plain_cost(opcode: int, fork: Fork) -> int:
    """Gas that is charged whatever the operands are; 0 for what is no instruction."""
    then = next((costs for end, costs in _COSTS_BEFORE.items() if fork < end), {})
    if opcode in then:
        return then[opcode]
    return 0 if opcode in _FREE or opcode not in _TAKES_GIVES else _COSTS.get(opcode, 3)


def name_of(opcode: int) -> str:
    """geth's name of an instruction."""
    return _NAMES.get(opcode, f"opcode {opcode:#x} not defined")
