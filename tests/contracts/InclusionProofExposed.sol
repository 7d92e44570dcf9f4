// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {InclusionProof} from "../../contracts/libraries/InclusionProof.sol";

/// @title The library's functions as calls, for the tests
contract InclusionProofExposed {
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
}
