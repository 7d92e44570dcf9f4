// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What a text that people will read may hold
/// @notice Normalisation and look-alikes cannot be judged here; the voters check them against the folded hash.
library Texts {
    uint256 private constant LONGEST = 256;
    uint256 private constant SHORTEST_DID = 8;

    /// @dev 1 to 256 bytes; no C0 or C1 control, no DEL, no zero-width space or byte order mark, no line or paragraph
    /// separator, no bidirectional control (U+061C, U+200E-F, U+202A-E, U+2066-9).
    function isPlain(string calldata text) internal pure returns (bool) {
        bytes calldata data = bytes(text);
        if (data.length == 0 || data.length > LONGEST) return false;
        for (uint256 i = 0; i < data.length; ++i) {
            bytes1 first = data[i];
            if (first < 0x20 || first == 0x7f) return false;
            if (first == 0xc2 && i + 1 < data.length && data[i + 1] < 0xa0) return false;
            if (first == 0xd8 && i + 1 < data.length && data[i + 1] == 0x9c) return false;
            if (first == 0xe2 && i + 2 < data.length && _isInvisible(data[i + 1], data[i + 2])) return false;
            if (first == 0xef && i + 2 < data.length && data[i + 1] == 0xbb && data[i + 2] == 0xbf) return false;
        }
        return true;
    }

    /// @dev `did:`, 8 to 256 bytes, printable ASCII without space.
    function isDid(string calldata text) internal pure returns (bool) {
        bytes calldata data = bytes(text);
        if (data.length < SHORTEST_DID || data.length > LONGEST || bytes4(data[:4]) != "did:") return false;
        for (uint256 i = 4; i < data.length; ++i) {
            if (data[i] <= 0x20 || data[i] >= 0x7f) return false;
        }
        return true;
    }

    /// @dev Among U+2000 to U+207F.
    function _isInvisible(bytes1 second, bytes1 third) private pure returns (bool) {
        if (second == 0x80) return third == 0x8b || third == 0x8e || third == 0x8f || (third >= 0xa8 && third <= 0xae);
        return second == 0x81 && third >= 0xa6 && third <= 0xa9;
    }
}
