"""What contracts must be able to decide on, in 32 bytes: framework, type, rank, region, credits, end of validity.

The leaf holds these bytes, the credential says the same in words (`alignment.targetUrl`, `creditsEarned`,
`validUntil`); the verifier requires both to agree (`docs/protocol.md 2`).
"""

import re
import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["Claims", "parse_level", "level_urn"]

_LAYOUT: Final = struct.Struct(">IIBHI")
_NUMBER: Final = "(0|[1-9][0-9]{0,9})"
_LEVEL: Final = re.compile(f"urn:testamur:framework:{_NUMBER}:type:{_NUMBER}:rank:{_NUMBER}:region:{_NUMBER}")
_LIMITS: Final = (2**32, 2**32, 2**8, 2**16)


@dataclass(frozen=True, slots=True)
class Claims:
    """The level, credits and end of validity of one credential."""

    framework: int
    """Number in QualificationFrameworks, u32."""
    type: int
    """Qualification type of that framework, u32."""
    rank: int
    """Place on the framework's ladder, u8; higher is higher."""
    region: int
    """Region code, u16; 0 any."""
    credits_thousandths: int
    """Credits × 1000, u32."""
    valid_until: int
    """Unix seconds, u40; 0 without end."""

    def encode(self) -> bytes:
        """32 bytes, big-endian: u32 ‖ u32 ‖ u8 ‖ u16 ‖ u32 ‖ u40 ‖ origin u32 ‖ zeros.

        The origin is 0, the issuer itself: no other institution can consent on the chain yet.
        """
        head = _LAYOUT.pack(self.framework, self.type, self.rank, self.region, self.credits_thousandths)
        return (head + self.valid_until.to_bytes(5, "big")).ljust(32, b"\0")

    @staticmethod
    def decode(data: bytes) -> "Claims | None":
        """The claims that encode to these 32 bytes, or None where none do; those of another origin are refused."""
        if len(data) != 32:
            return None
        framework, type_, rank, region, credits_thousandths = _LAYOUT.unpack_from(data)
        valid_until = int.from_bytes(data[_LAYOUT.size : _LAYOUT.size + 5], "big")
        claims = Claims(framework, type_, rank, region, credits_thousandths, valid_until)
        return claims if claims.encode() == data else None


def level_urn(framework: int, type: int, rank: int, region: int) -> str:
    """The `targetUrl` of the one alignment that states the level (`docs/protocol.md 1`)."""
    return f"urn:testamur:framework:{framework}:type:{type}:rank:{rank}:region:{region}"


def parse_level(url: str) -> tuple[int, int, int, int] | None:
    """(framework, type, rank, region) of a `targetUrl`, or None where it does not state a level exactly so."""
    match = _LEVEL.fullmatch(url)
    if match is None:
        return None
    framework, type_, rank, region = map(int, match.groups())
    numbers = (framework, type_, rank, region)
    return numbers if all(number < limit for number, limit in zip(numbers, _LIMITS, strict=True)) else None
