// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Founding} from "../governance/Founding.sol";
import {Governed} from "../governance/Governed.sol";
import {IAlliance} from "../governance/IAlliance.sol";
import {IOperators} from "../governance/IOperators.sol";
import {Roles} from "../libraries/Roles.sol";
import {IValidators} from "./IValidators.sol";

/// @title The validators and the floors under their set
abstract contract Validators is IValidators, Governed, Founding {
    using SafeCast for uint256;

    uint256 internal constant SMALL_ALLIANCE = 4;
    uint256 private constant MOST_VALIDATORS = 256;
    uint64 private constant MOST_POWER = 1e12;
    uint256 private constant FEWEST_TO_LEAVE = 5;
    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

    IOperators private immutable _operators;

    bytes32[] private _validatorKeys;
    mapping(bytes32 => Validator) private _validators;
    mapping(bytes32 => uint32) private _usedBy; // key => institution, also of keys that left
    mapping(uint32 => uint64) private _institutionPowers;
    Movement private _movement;
    uint64 private _totalPower;
    uint32 private _institutions; // how many validate

    constructor(address operators_) {
        _operators = IOperators(operators_);
    }

    modifier onlySystem() {
        require(msg.sender == SYSTEM, PermissionsNotSystem(msg.sender));
        _;
    }

    /// @inheritdoc IValidators
    function foundValidators(ValidatorPower[] calldata set) external onlyFounder {
        for (uint256 i = 0; i < set.length; ++i) {
            ValidatorPower calldata entry = set[i];
            require(_validators[entry.key].index == 0, PermissionsDuplicateValidator(entry.key));
            require(entry.power > 0, PermissionsPowerOutOfBounds(entry.key, entry.power, MOST_POWER));
            _requireMember(entry.key, entry.institution);
            _writePower(entry.key, entry.power, entry.institution);
        }
    }

    /// @inheritdoc IValidators
    function setValidator(bytes32 key, uint64 power, uint32 institution) external onlyAlliance {
        Validator memory before = _validators[key];
        if (before.index == 0) {
            require(power != 0, PermissionsUnknownValidator(key));
            require(power == 1, PermissionsEntersWithOne(key, power));
            _requireUnused(key, institution);
        } else {
            require(before.institution == institution, PermissionsValidatorOfAnother(key, before.institution));
        }
        if (power > before.power) {
            _requireRaisable(key);
            _requireMember(key, institution);
        }
        uint256 institutions = _institutions;
        if (institutions < SMALL_ALLIANCE || _institutionsWith(before, power) < SMALL_ALLIANCE) {
            _requireUnanimous(0);
        }
        _countMovement(before.power > power ? before.power - power : power - before.power);
        _writePower(key, power, institution);
        _requireSound(institutions);
    }

    /// @inheritdoc IValidators
    function removeValidatorsOf(uint32 institution) external onlyAlliance {
        uint64 power = _institutionPowers[institution];
        if (power == 0) return;
        uint256 institutions = _institutions;
        if (institutions - 1 < SMALL_ALLIANCE) _requireUnanimous(institution);
        _countMovement(power);
        for (uint256 i = _validatorKeys.length; i > 0; --i) {
            bytes32 key = _validatorKeys[i - 1]; // the last takes a removed one's place, and was looked at before
            if (_validators[key].institution == institution) _writePower(key, 0, institution);
        }
        _requireSound(institutions);
    }

    /// @inheritdoc IValidators
    function withdrawValidator(bytes32 key) external {
        Validator memory before = _validators[key];
        require(before.index != 0, PermissionsUnknownValidator(key));
        require(
            _operators.hasRole(msg.sender, before.institution, Roles.GOVERN),
            PermissionsNotGovern(msg.sender, before.institution)
        );
        uint256 institutions = _institutions;
        require(institutions >= FEWEST_TO_LEAVE, PermissionsTooFewToLeave(institutions, FEWEST_TO_LEAVE));
        _countMovement(before.power);
        _writePower(key, 0, before.institution);
        _requireSound(institutions);
        emit ValidatorWithdrawn(key, before.institution, msg.sender);
    }

    /// @inheritdoc IValidators
    function recordMisbehaviour(bytes32 key, uint64 height, Misbehaviour kind) external onlySystem {
        emit ValidatorMisbehaved(_usedBy[key], key, height, kind);
    }

    /// @inheritdoc IValidators
    function validator(bytes32 key) public view returns (Validator memory) {
        return _validators[key];
    }

    /// @inheritdoc IValidators
    function validators() external view returns (ValidatorPower[] memory set) {
        set = new ValidatorPower[](_validatorKeys.length);
        for (uint256 i = 0; i < set.length; ++i) {
            bytes32 key = _validatorKeys[i];
            set[i] = ValidatorPower(key, _validators[key].power, _validators[key].institution);
        }
    }

    /// @inheritdoc IValidators
    function usedBy(bytes32 key) public view returns (uint32) {
        return _usedBy[key];
    }

    /// @inheritdoc IValidators
    function operators() public view returns (address) {
        return address(_operators);
    }

    /// @dev The set with which the contract is sealed.
    function _requireComplete() internal view override {
        require(_validatorKeys.length > 0, PermissionsEmptySet());
        if (_institutions >= SMALL_ALLIANCE) _requireNoThird();
    }

    /// @dev The changes of one block reach the engine as one, so they are added up.
    function _countMovement(uint64 moved) internal {
        if (_movement.blockNumber != block.number) {
            _movement = Movement(block.number.toUint40(), _totalPower, 0);
        }
        _movement.moved += moved;
    }

    function _writePower(bytes32 key, uint64 power, uint32 institution) internal {
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
            _onLeaving(key);
            bytes32 last = _validatorKeys[_validatorKeys.length - 1];
            _validatorKeys[entry.index - 1] = last;
            _validators[last].index = entry.index;
            _validatorKeys.pop();
            delete _validators[key];
        } else if (entry.index == 0) {
            require(_validatorKeys.length < MOST_VALIDATORS, PermissionsTooMany(MOST_VALIDATORS));
            _validatorKeys.push(key);
            _validators[key] = Validator(power, institution, _validatorKeys.length.toUint32());
            _usedBy[key] = institution;
        } else {
            entry.power = power;
        }
        emit ValidatorChanged(key, institution, power);
    }

    /// @dev What every change leaves behind; `institutions` validated before it.
    function _requireSound(uint256 institutions) internal view {
        require(_validatorKeys.length > 0, PermissionsEmptySet());
        if (_institutions < SMALL_ALLIANCE) return; // all of them wanted it
        if (institutions >= SMALL_ALLIANCE) {
            require(_isSmallMove(0), PermissionsTooMuchMoved(_movement.moved, _movement.total));
        }
        _requireNoThird();
    }

    /// @dev Whether less than a third of the power moves in this block, with that much more.
    function _isSmallMove(uint64 more) internal view returns (bool) {
        bool isFirst = _movement.blockNumber != block.number;
        uint256 moved = (isFirst ? 0 : uint256(_movement.moved)) + more;
        return 3 * moved < (isFirst ? _totalPower : _movement.total);
    }

    function _validatingInstitutions() internal view returns (uint256) {
        return _institutions;
    }

    /// @dev The first institution that holds a third of `total`; 0: none does. The set is bounded, and so is this.
    function _strongIn(uint64 total) internal view returns (uint32 institution) {
        uint256 length = _validatorKeys.length;
        for (uint256 i = 0; i < length; ++i) {
            institution = _validators[_validatorKeys[i]].institution;
            if (3 * uint256(_institutionPowers[institution]) >= total) return institution;
        }
        return 0;
    }

    function _total() internal view returns (uint64) {
        return _totalPower;
    }

    /// @dev Called before a key leaves the set.
    function _onLeaving(bytes32 key) internal virtual;

    /// @dev Whether a vote may raise the key's power.
    function _requireRaisable(bytes32 key) internal view virtual;

    function _requireMember(bytes32 key, uint32 institution) private view {
        require(IAlliance(alliance()).isMember(institution), PermissionsNotMember(key, institution));
    }

    /// @dev A key that left comes back for the same institution alone: whoever else held it might sign twice.
    function _requireUnused(bytes32 key, uint32 institution) private view {
        uint32 user = _usedBy[key];
        require(user == 0 || user == institution, PermissionsKeyUsedBefore(key, user));
    }

    /// @dev How many will validate once a validator of that record has that power.
    function _institutionsWith(Validator memory before, uint64 power) private view returns (uint256) {
        bool leaves = power == 0 && _institutionPowers[before.institution] == before.power;
        return leaves ? _institutions - 1 : _institutions;
    }

    /// @dev Each institution that validates, but `exempt`, says yes to the proposal under way.
    function _requireUnanimous(uint32 exempt) private view {
        uint256 length = _validatorKeys.length;
        for (uint256 i = 0; i < length; ++i) {
            uint32 institution = _validators[_validatorKeys[i]].institution;
            if (institution == exempt) continue;
            require(
                IAlliance(alliance()).executingYes(institution), PermissionsNotUnanimous(institution, _institutions)
            );
        }
    }

    function _requireNoThird() private view {
        uint32 strong = _strongIn(_totalPower);
        require(strong == 0, PermissionsInstitutionTooStrong(strong, _institutionPowers[strong], _totalPower));
    }
}
