// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {Founding} from "./Founding.sol";
import {IAlliance} from "./IAlliance.sol";
import {IFounding} from "./IFounding.sol";
import {IOperators} from "./IOperators.sol";
import {IPermissions} from "../chain/IPermissions.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title The Alliance's members, threshold and periods
abstract contract Membership is IAlliance, Founding {
    using EnumerableSet for EnumerableSet.UintSet;

    uint64 private constant SHORTEST_VOTE = 1 minutes;
    uint64 private constant LONGEST_PERIOD = 366 days;

    IOperators private immutable _operators;

    EnumerableSet.UintSet private _members; // institution numbers
    uint32 private _epoch;
    uint16 private _numerator;
    uint16 private _denominator;
    mapping(bytes32 => uint64) private _parameters; // seconds
    mapping(bytes32 => bool) private _isParameter;

    constructor(
        uint16 numerator,
        uint16 denominator,
        address operators_,
        bytes32[] memory names,
        uint64[] memory values
    ) {
        _operators = IOperators(operators_);
        _setThreshold(numerator, denominator);
        require(names.length == values.length, AllianceLengthMismatch(names.length, values.length));
        for (uint256 i = 0; i < names.length; ++i) {
            _setParameter(names[i], values[i]);
        }
        // without one of these the alliance could not act: reverts where it is missing
        parameter(Names.VOTING_PERIOD);
        parameter(Names.CONTROLLER_DELAY);
        parameter(Names.RECOVERY_DELAY);
        parameter(Names.DIRECTORY_DELAY);
        parameter(Names.VOID_DELAY);
    }

    modifier onlySelf() {
        require(msg.sender == address(this), AllianceNotSelf(msg.sender));
        _;
    }

    /// @inheritdoc IAlliance
    function foundMembers(uint32[] calldata institutions) external onlyFounder {
        for (uint256 i = 0; i < institutions.length; ++i) {
            _addMember(institutions[i]);
        }
    }

    /// @inheritdoc IAlliance
    function addMember(uint32 institution) external onlySelf {
        _addMember(institution);
    }

    /// @inheritdoc IAlliance
    function removeMember(uint32 institution) external onlySelf {
        require(_members.length() > 1, AllianceLastMember(institution));
        require(_members.remove(institution), AllianceNotMember(institution));
        ++_epoch;
        emit MemberRemoved(institution);
        IPermissions(_operators.permissions()).removeValidatorsOf(institution);
    }

    /// @inheritdoc IAlliance
    function setThreshold(uint16 numerator, uint16 denominator) external onlySelf {
        _setThreshold(numerator, denominator);
    }

    /// @inheritdoc IAlliance
    function setParameter(bytes32 name, uint64 value) external onlySelf {
        _setParameter(name, value);
    }

    /// @inheritdoc IAlliance
    function members() external view returns (uint32[] memory numbers) {
        numbers = new uint32[](_members.length());
        for (uint256 i = 0; i < numbers.length; ++i) {
            numbers[i] = uint32(_members.at(i));
        }
    }

    /// @inheritdoc IAlliance
    function memberCount() public view returns (uint256) {
        return _members.length();
    }

    /// @inheritdoc IAlliance
    function isMember(uint32 institution) public view returns (bool) {
        return _members.contains(institution);
    }

    /// @inheritdoc IAlliance
    function epoch() public view returns (uint32) {
        return _epoch;
    }

    /// @inheritdoc IAlliance
    function threshold() external view returns (uint16 numerator, uint16 denominator) {
        return (_numerator, _denominator);
    }

    /// @inheritdoc IAlliance
    function parameter(bytes32 name) public view returns (uint64) {
        require(_isParameter[name], AllianceUnknownParameter(name));
        return _parameters[name];
    }

    /// @inheritdoc IAlliance
    function operators() external view returns (address) {
        return address(_operators);
    }

    function _isEnough(uint256 yes) internal view returns (bool) {
        return _denominator * yes >= _numerator * _members.length();
    }

    /// @dev The member that an account governs.
    function _governedBy(address account) internal view returns (uint32 institution) {
        _requireSealed();
        uint16 roles;
        (institution,, roles) = _operators.roleOf(account);
        require(roles & Roles.GOVERN != 0 && isMember(institution), AllianceNotGovern(account));
    }

    /// @dev Sealed last, so that whoever finds the Alliance sealed need not look further.
    function _requireComplete() internal view override {
        require(_members.length() > 0, AllianceLastMember(0));
        _requireSealedAt(address(_operators));
        _requireSealedAt(_operators.permissions());
    }

    function _requireSealedAt(address other) private view {
        require(IFounding(other).isSealed(), FoundingNotSealed(other));
    }

    function _addMember(uint32 institution) private {
        // every institution that exists has two GOVERN accounts and a recovery account
        require(_operators.institutionOf(institution).createdAt != 0, AllianceUnknownInstitution(institution));
        require(_members.add(institution), AllianceAlreadyMember(institution));
        ++_epoch;
        emit MemberAdded(institution);
    }

    function _setThreshold(uint16 numerator, uint16 denominator) private {
        require(
            2 * uint256(numerator) > denominator && numerator <= denominator,
            AllianceThresholdOutOfBounds(numerator, denominator)
        );
        _numerator = numerator;
        _denominator = denominator;
        emit ThresholdChanged(numerator, denominator);
    }

    /// @dev Every parameter is a period in seconds. None may be so short that nobody can act within it, or so long that
    /// the change of it cannot be lived to see.
    function _setParameter(bytes32 name, uint64 value) private {
        uint64 lowest = 1;
        uint64 highest = LONGEST_PERIOD;
        if (name == Names.VOTING_PERIOD) lowest = SHORTEST_VOTE;
        if (name == Names.RECOVERY_DELAY) lowest = _parameters[Names.CONTROLLER_DELAY];
        if (name == Names.CONTROLLER_DELAY && _isParameter[Names.RECOVERY_DELAY]) {
            highest = _parameters[Names.RECOVERY_DELAY];
        }
        require(value >= lowest && value <= highest, AllianceParameterOutOfBounds(name, value, lowest, highest));
        _parameters[name] = value;
        _isParameter[name] = true;
        emit ParameterChanged(name, value);
    }
}
