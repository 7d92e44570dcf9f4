// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Bits in words of 256, changed many at a time
library BitWords {
    /// @dev Set the mask's bits; those that changed.
    function raise(mapping(uint32 => uint256) storage bits, uint32 wordIndex, uint256 mask)
        internal
        returns (uint256 changed)
    {
        uint256 word = bits[wordIndex];
        changed = mask & ~word;
        if (changed != 0) bits[wordIndex] = word | changed;
    }

    /// @dev Clear the mask's bits; those that changed.
    function lower(mapping(uint32 => uint256) storage bits, uint32 wordIndex, uint256 mask)
        internal
        returns (uint256 changed)
    {
        uint256 word = bits[wordIndex];
        changed = mask & word;
        if (changed != 0) bits[wordIndex] = word & ~changed;
    }
}
