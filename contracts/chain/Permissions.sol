// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "../governance/Governed.sol";
import {ChainParameters} from "./ChainParameters.sol";
import {IPermissions} from "./IPermissions.sol";
import {KeyExchanges} from "./KeyExchanges.sol";
import {Peers} from "./Peers.sol";
import {Validators} from "./Validators.sol";

/// @title Rights, validators, peers and limits, in slots that the node reads
contract Permissions is KeyExchanges, Peers, ChainParameters, IPermissions {
    mapping(address => Account) private _accounts;

    constructor(
        address alliance_,
        address operators_,
        Parameters memory parameters_,
        bytes20[] memory peers_,
        address[] memory deployers
    ) Governed(alliance_) Validators(operators_) {
        require(operators_ != address(0), PermissionsNotOperators(operators_));
        _setParameters(parameters_);
        for (uint256 i = 0; i < peers_.length; ++i) {
            _allowPeer(peers_[i]);
        }
        for (uint256 i = 0; i < deployers.length; ++i) {
            _setDeploy(deployers[i], true);
        }
    }

    modifier onlyOperators() {
        require(msg.sender == operators(), PermissionsNotOperators(msg.sender));
        _;
    }

    /// @inheritdoc IPermissions
    function acquire(address account_) external onlyOperators {
        ++_accounts[account_].transact;
        emit TransactAcquired(account_);
    }

    /// @inheritdoc IPermissions
    function release(address account_) external onlyOperators {
        require(_accounts[account_].transact > 0, PermissionsNotAcquired(account_));
        --_accounts[account_].transact;
        emit TransactReleased(account_);
    }

    /// @inheritdoc IPermissions
    function setDeploy(address account_, bool allowed) external onlyAlliance {
        _setDeploy(account_, allowed);
    }

    /// @inheritdoc IPermissions
    function account(address account_) external view returns (Account memory) {
        return _accounts[account_];
    }

    function _setDeploy(address account_, bool allowed) private {
        _accounts[account_].deploy = allowed;
        emit DeployChanged(account_, allowed);
    }
}
