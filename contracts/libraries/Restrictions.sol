// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IDirectory} from "../governance/IDirectory.sol";
import {IHolds} from "../registry/IHolds.sol";
import {IKeys} from "../registry/IKeys.sol";
import {IIssuerRegistry} from "../registry/IIssuerRegistry.sol";
import {IScopes} from "../registry/IScopes.sol";
import {IOperators} from "../governance/IOperators.sol";
import {Names} from "./Names.sol";

/// @title The calls that a vote may make without delay: they take power to act away and give none
/// @dev A line for each, with the name under which the Directory knows its contract. The same selector elsewhere counts
/// for nothing. A function that may also give something back does not belong here.
library Restrictions {
    /// @dev The name of the contract for which a selector stands; 0 where it is no restriction.
    function nameFor(bytes4 selector) internal pure returns (bytes32) {
        if (selector == IOperators.retireOperator.selector) return Names.OPERATORS;
        if (selector == IOperators.markOperatorCompromised.selector) return Names.OPERATORS;
        if (selector == IKeys.retireKey.selector) return Names.KEYS;
        if (selector == IKeys.markKeyCompromised.selector) return Names.KEYS;
        if (selector == IDirectory.cancel.selector) return Names.DIRECTORY;
        if (selector == IIssuerRegistry.suspend.selector) return Names.ISSUER_REGISTRY;
        if (selector == IScopes.suspendScope.selector) return Names.ISSUER_REGISTRY;
        if (selector == IHolds.hold.selector) return Names.ISSUER_REGISTRY;
        return 0;
    }
}
