// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What a text that people will read may hold
/// @notice Normalisation and look-alikes cannot be judged here; the voters check them against the folded hash.
library Texts {
    uint256 private constant LONGEST = 256;
    uint256 private constant SHORTEST_DID = 8;

    /// @dev 1 to 256 bytes of well-formed UTF-8 (RFC 3629) with nothing in it that cannot be seen, but for spaces and, within
    /// a word, joiners.
    function isPlain(string calldata text) internal pure returns (bool) {
        bytes calldata data = bytes(text);
        if (data.length == 0 || data.length > LONGEST) return false;
        bool isSeen = false; // anything so far
        bool isInWord = false; // the last one was seen
        bool isJoining = false; // the last one was a joiner
        uint256 i = 0;
        while (i < data.length) {
            (uint256 point, uint256 width) = _codePoint(data, i);
            if (width == 0 || _isUnseen(point)) return false;
            bool isJoiner = point == 0x200c || point == 0x200d;
            bool isSpace = _isSpace(point);
            if ((isJoiner && !isInWord) || (isJoining && isSpace)) return false;
            isInWord = !isJoiner && !isSpace;
            isSeen = isSeen || isInWord;
            isJoining = isJoiner;
            i += width;
        }
        return isSeen && !isJoining;
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

    /// @dev The code point at `i` and its bytes; a width of 0 where it is malformed.
    function _codePoint(bytes calldata data, uint256 i) private pure returns (uint256 point, uint256 width) {
        uint256 first = uint8(data[i]);
        if (first < 0x80) return (first, 1);
        width = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        if (first < 0xc0 || first > 0xf4 || i + width > data.length) return (0, 0);
        point = first & (0x7f >> width);
        for (uint256 k = 1; k < width; ++k) {
            uint256 next = uint8(data[i + k]);
            if (next & 0xc0 != 0x80) return (0, 0);
            point = (point << 6) | (next & 0x3f);
        }
        uint256 lowest = width == 2 ? 0x80 : width == 3 ? 0x800 : 0x10000;
        if (point < lowest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return (0, 0);
    }

    /// @dev Controls of both sets and of direction, soft hyphen, fillers, what has no width, separators of lines, the blank
    /// Braille pattern, byte order mark, annotations, tags. Joiners are judged where they stand.
    function _isUnseen(uint256 point) private pure returns (bool) {
        if (point < 0x2000) {
            return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0xad || point == 0x34f || point == 0x61c
                || point == 0x115f || point == 0x1160 || point == 0x17b4 || point == 0x17b5 || point == 0x180e;
        }
        return point == 0x200b || point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e)
            || (point >= 0x2060 && point <= 0x206f) || point == 0x2800 || point == 0x3164 || point == 0xfeff
            || point == 0xffa0 || (point >= 0xfff9 && point <= 0xfffb) || (point >= 0xe0000 && point <= 0xe007f);
    }

    /// @dev Unicode's space separators.
    function _isSpace(uint256 point) private pure returns (bool) {
        return point == 0x20 || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a)
            || point == 0x202f || point == 0x205f || point == 0x3000;
    }
}
