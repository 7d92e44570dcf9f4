// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Founding} from "../governance/Founding.sol";
import {Governed} from "../governance/Governed.sol";
import {IAlliance} from "../governance/IAlliance.sol";
import {IPermissions} from "./IPermissions.sol";

/// @title Rights, validators, peers and limits, in slots that the node reads
contract Permissions is IPermissions, Governed, Founding {
    using SafeCast for uint256;

    uint256 private constant MOST_VALIDATORS = 256;
    uint256 private constant MOST_PEERS = 1024;
    uint64 private constant MOST_POWER = 1e12;
    uint256 private constant SMALL_ALLIANCE = 4;

    address private immutable _operators;

    mapping(address => Account) private _accounts;
    bytes32[] private _validatorKeys;
    mapping(bytes32 => Validator) private _validators;
    bytes20[] private _peerIds;
    mapping(bytes20 => uint256) private _peerPositions; // from 1
    Parameters private _parameters;
    Movement private _movement;
    uint64 private _totalPower;
    uint32 private _institutions; // how many validate
    mapping(uint32 => uint64) private _institutionPowers;

    constructor(
        address alliance_,
        address operators_,
        Parameters memory parameters_,
        bytes20[] memory peers_,
        address[] memory deployers
    ) Governed(alliance_) {
        require(operators_ != address(0), PermissionsNotOperators(operators_));
        _operators = operators_;
        _setParameters(parameters_);
        for (uint256 i = 0; i < peers_.length; ++i) {
            _setPeer(peers_[i], true);
        }
        for (uint256 i = 0; i < deployers.length; ++i) {
            _setDeploy(deployers[i], true);
        }
    }

    modifier onlyOperators() {
        require(msg.sender == _operators, PermissionsNotOperators(msg.sender));
        _;
    }

    /// @inheritdoc IPermissions
    function foundValidators(ValidatorPower[] calldata set) external onlyFounder {
        for (uint256 i = 0; i < set.length; ++i) {
            ValidatorPower calldata entry = set[i];
            require(_validators[entry.key].index == 0, PermissionsDuplicateValidator(entry.key));
            require(entry.power > 0, PermissionsPowerOutOfBounds(entry.key, entry.power, MOST_POWER));
            _writePower(entry.key, entry.power, entry.institution);
        }
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
    function setPeer(bytes20 peerId, bool allowed) external onlyAlliance {
        _setPeer(peerId, allowed);
    }

    /// @inheritdoc IPermissions
    function setValidator(bytes32 key, uint64 power, uint32 institution) external onlyAlliance {
        Validator memory before = _validators[key];
        if (before.index == 0) {
            require(power != 0, PermissionsUnknownValidator(key));
            require(power == 1, PermissionsEntersWithOne(key, power));
        } else {
            require(before.institution == institution, PermissionsValidatorOfAnother(key, before.institution));
        }
        _countMovement(before.power > power ? before.power - power : power - before.power);
        uint32 institutionsBefore = _institutions;
        _writePower(key, power, institution);
        require(_validatorKeys.length > 0, PermissionsEmptySet());
        uint32 institutions = _institutions;
        if (institutions < SMALL_ALLIANCE || institutionsBefore < SMALL_ALLIANCE) {
            require(IAlliance(alliance()).executingUnanimous(), PermissionsNotUnanimous(institutions));
        } else {
            require(3 * uint256(_movement.moved) < _movement.total, PermissionsTooMuchMoved(_movement.moved, _movement.total));
        }
        if (institutions >= SMALL_ALLIANCE) _requireNoThird();
    }

    /// @inheritdoc IPermissions
    function setParameters(Parameters calldata parameters_) external onlyAlliance {
        _setParameters(parameters_);
    }

    /// @inheritdoc IPermissions
    function account(address account_) external view returns (Account memory) {
        return _accounts[account_];
    }

    /// @inheritdoc IPermissions
    function validator(bytes32 key) external view returns (Validator memory) {
        return _validators[key];
    }

    /// @inheritdoc IPermissions
    function validators() external view returns (ValidatorPower[] memory set) {
        set = new ValidatorPower[](_validatorKeys.length);
        for (uint256 i = 0; i < set.length; ++i) {
            bytes32 key = _validatorKeys[i];
            set[i] = ValidatorPower(key, _validators[key].power, _validators[key].institution);
        }
    }

    /// @inheritdoc IPermissions
    function isPeer(bytes20 peerId) external view returns (bool) {
        return _peerPositions[peerId] != 0;
    }

    /// @inheritdoc IPermissions
    function peers() external view returns (bytes20[] memory) {
        return _peerIds;
    }

    /// @inheritdoc IPermissions
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    /// @inheritdoc IPermissions
    function operators() external view returns (address) {
        return _operators;
    }

    function _requireComplete() internal view override {
        require(_validatorKeys.length > 0, PermissionsEmptySet());
        if (_institutions >= SMALL_ALLIANCE) _requireNoThird();
    }

    function _setDeploy(address account_, bool allowed) private {
        _accounts[account_].deploy = allowed;
        emit DeployChanged(account_, allowed);
    }

    function _setPeer(bytes20 peerId, bool allowed) private {
        uint256 position = _peerPositions[peerId];
        if (allowed == (position != 0)) return;
        if (allowed) {
            require(_peerIds.length < MOST_PEERS, PermissionsTooMany(MOST_PEERS));
            _peerIds.push(peerId);
            _peerPositions[peerId] = _peerIds.length;
        } else {
            bytes20 last = _peerIds[_peerIds.length - 1];
            _peerIds[position - 1] = last;
            _peerPositions[last] = position;
            _peerIds.pop();
            delete _peerPositions[peerId];
        }
        emit PeerChanged(peerId, allowed);
    }

    /// @dev The changes of one block reach the engine as one, so they are added up.
    function _countMovement(uint64 moved) private {
        if (_movement.blockNumber != block.number) {
            _movement = Movement(block.number.toUint40(), _totalPower, 0);
        }
        _movement.moved += moved;
    }

    function _writePower(bytes32 key, uint64 power, uint32 institution) private {
        require(institution != 0, PermissionsNoInstitution(key));
        require(power <= MOST_POWER, PermissionsPowerOutOfBounds(key, power, MOST_POWER));
        Validator storage entry = _validators[key];
        _totalPower = _totalPower - entry.power + power;
        uint64 before = _institutionPowers[institution];
        uint64 afterwards = before - entry.power + power;
        _institutionPowers[institution] = afterwards;
        if (before == 0) ++_institutions;
        if (afterwards == 0) --_institutions;
        if (power == 0) {
            bytes32 last = _validatorKeys[_validatorKeys.length - 1];
            _validatorKeys[entry.index - 1] = last;
            _validators[last].index = entry.index;
            _validatorKeys.pop();
            delete _validators[key];
        } else if (entry.index == 0) {
            require(_validatorKeys.length < MOST_VALIDATORS, PermissionsTooMany(MOST_VALIDATORS));
            _validatorKeys.push(key);
            _validators[key] = Validator(power, institution, _validatorKeys.length.toUint32());
        } else {
            entry.power = power;
        }
        emit ValidatorChanged(key, institution, power);
    }

    function _setParameters(Parameters memory p) private {
        _requireBounds("gasLimit", p.gasLimit, 10_000_000, 1_000_000_000);
        _requireBounds("maxTransactionBytes", p.maxTransactionBytes, 131_072, 16_777_216);
        _requireBounds("maxBlockBytes", p.maxBlockBytes, 2 * uint256(p.maxTransactionBytes), 104_857_600);
        _requireBounds("heartbeatSeconds", p.heartbeatSeconds, 1, 60);
        _requireBounds("evidenceMaxBytes", p.evidenceMaxBytes, 1024, p.maxBlockBytes);
        _parameters = p;
        emit ParametersChanged(p);
    }

    function _requireBounds(bytes32 name, uint256 value, uint256 lowest, uint256 highest) private pure {
        require(value >= lowest && value <= highest, PermissionsParameterOutOfBounds(name, value, lowest, highest));
    }

    /// @dev The set is bounded, and so is this.
    function _requireNoThird() private view {
        uint256 length = _validatorKeys.length;
        for (uint256 i = 0; i < length; ++i) {
            uint32 institution = _validators[_validatorKeys[i]].institution;
            uint64 power = _institutionPowers[institution];
            require(3 * uint256(power) < _totalPower, PermissionsInstitutionTooStrong(institution, power, _totalPower));
        }
    }
}
