// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The chain's limits, as the node reads them at the parent state
/// @notice Each limit has a floor and a ceiling here, so that no vote can brick the chain.
interface IChainParameters {
    /// @notice The chain's limits. Two slots: what `evidenceMaxAgeBlocks` ends is the first.
    struct Parameters {
        uint64 gasLimit; // per block
        uint32 maxBlockBytes;
        uint32 maxTransactionBytes;
        uint16 heartbeatSeconds;
        uint32 evidenceMaxBytes; // per block
        uint32 evidenceMaxAgeSeconds; // evidence is too old once it is older in seconds and in blocks
        uint32 evidenceMaxAgeBlocks;
        uint64 transactionGas; // per transaction
        uint64 unnamedGas; // per block, for calls of what the Directory does not name
        uint64 creationGas; // per block, for creations
    }

    /// @notice The parameter's value would leave the bounds within which the chain can still vote.
    error PermissionsParameterOutOfBounds(bytes32 name, uint256 value, uint256 lowest, uint256 highest);

    /// @notice The limits are these from the next block on.
    /// @param parameters All of them.
    event ParametersChanged(Parameters parameters);

    /// @notice Change the chain's limits, within their bounds. Alliance only.
    /// @param parameters_ All of them, the unchanged ones too.
    function setParameters(Parameters calldata parameters_) external;

    /// @notice The limits as they stand.
    /// @return All of them.
    function parameters() external view returns (Parameters memory);
}
