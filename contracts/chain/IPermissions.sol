// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IChainParameters} from "./IChainParameters.sol";
import {IKeyExchanges} from "./IKeyExchanges.sol";
import {IPeers} from "./IPeers.sol";
import {IValidators} from "./IValidators.sol";

/// @title What the node reads at the parent state, without running the EVM
/// @notice Who may transact and deploy, which peers may connect, who validates, and the chain's limits. The floors stand
/// here, so that no vote can brick the chain.
interface IPermissions is IKeyExchanges, IPeers, IValidators, IChainParameters {
    /// @notice What an account may do. One slot.
    struct Account {
        uint32 transact; // how many reasons there are; 0: may not
        bool deploy;
    }

    /// @notice Only Operators says who may transact.
    error PermissionsNotOperators(address caller);
    /// @notice The account holds no right to release.
    error PermissionsNotAcquired(address account);

    /// @notice There is one more reason why an account may transact.
    /// @param account Which.
    event TransactAcquired(address indexed account);

    /// @notice There is one reason less why an account may transact.
    /// @param account Which.
    event TransactReleased(address indexed account);

    /// @notice An account may create contracts from now on, or may no more.
    /// @param account Which.
    /// @param allowed Whether it may.
    event DeployChanged(address indexed account, bool allowed);

    /// @notice Give one more reason why the account may transact. Operators only.
    /// @param account_ Which.
    function acquire(address account_) external;

    /// @notice Take one reason back. Operators only.
    /// @param account_ Which.
    function release(address account_) external;

    /// @notice Allow or forbid an account to create contracts. Alliance only.
    /// @param account_ Which.
    /// @param allowed Whether it may.
    function setDeploy(address account_, bool allowed) external;

    /// @notice What an account may do.
    /// @param account_ Which.
    /// @return Its rights.
    function account(address account_) external view returns (Account memory);
}
