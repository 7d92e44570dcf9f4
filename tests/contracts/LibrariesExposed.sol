// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {InclusionProof} from "../../contracts/libraries/InclusionProof.sol";
import {Texts} from "../../contracts/libraries/Texts.sol";

/// @title The libraries' functions as calls, for the tests
contract LibrariesExposed {
    function leafHash(bytes calldata leafInput) external pure returns (bytes32) {
        return InclusionProof.leafHash(leafInput);
    }

    function rootOf(bytes32 leaf, uint256 index, uint256 size, bytes32[] calldata path)
        external
        pure
        returns (bool isValid, bytes32 root)
    {
        return InclusionProof.rootOf(leaf, index, size, path);
    }

    /// @dev Bytes, so that a test can send what is no UTF-8: both types are encoded alike.
    function isPlain(bytes calldata text) external pure returns (bool) {
        return Texts.isPlain(string(text));
    }

    function isDid(bytes calldata text) external pure returns (bool) {
        return Texts.isDid(string(text));
    }
}
