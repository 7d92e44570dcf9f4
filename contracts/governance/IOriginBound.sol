// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";

/// @title A contract that reads EIP-712 messages which one chain alone can take
/// @notice Their domain is `EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)`;
/// the salt is the hash of the chain's block 0. A chain id is a number that anybody may take for a chain of their own,
/// and our contracts stand at the same addresses on each: without the salt a signature of one would count on the other.
interface IOriginBound is IERC5267 {
    /// @notice The hash of block 0 is not known here: in block 0 itself, where nothing that was signed counts.
    error OriginBoundUnknown();

    /// @notice The salt of every message's domain.
    /// @return The hash of block 0: as BlockHistory has it, else as the deployer gave it; 0 where neither knows.
    function origin() external view returns (bytes32);
}
