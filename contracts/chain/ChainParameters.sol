// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "../governance/Governed.sol";
import {IChainParameters} from "./IChainParameters.sol";

/// @title The chain's limits and their bounds
abstract contract ChainParameters is IChainParameters, Governed {
    Parameters private _parameters;

    /// @inheritdoc IChainParameters
    function setParameters(Parameters calldata parameters_) external onlyAlliance {
        _setParameters(parameters_);
    }

    /// @inheritdoc IChainParameters
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    /// @dev docs/adr/0041 has the reason of each bound.
    function _setParameters(Parameters memory p) internal {
        _requireBounds("gasLimit", p.gasLimit, 10_000_000, 1_000_000_000);
        _requireBounds("maxTransactionBytes", p.maxTransactionBytes, 131_072, 16_777_216);
        _requireBounds("maxBlockBytes", p.maxBlockBytes, 2 * uint256(p.maxTransactionBytes), 104_857_600);
        _requireBounds("heartbeatSeconds", p.heartbeatSeconds, 1, 60);
        _requireBounds("evidenceMaxBytes", p.evidenceMaxBytes, 1024, p.maxBlockBytes);
        _requireBounds("evidenceMaxAgeSeconds", p.evidenceMaxAgeSeconds, 1 days, 3650 days);
        _requireBounds("evidenceMaxAgeBlocks", p.evidenceMaxAgeBlocks, 1000, 1_000_000_000);
        _requireBounds("transactionGas", p.transactionGas, 10_000_000, 1_000_000_000);
        _requireBounds("unnamedGas", p.unnamedGas, 100_000, 100_000_000);
        _requireBounds("creationGas", p.creationGas, 6_000_000, 100_000_000);
        _parameters = p;
        emit ParametersChanged(p);
    }

    function _requireBounds(bytes32 name, uint256 value, uint256 lowest, uint256 highest) private pure {
        require(value >= lowest && value <= highest, PermissionsParameterOutOfBounds(name, value, lowest, highest));
    }
}
