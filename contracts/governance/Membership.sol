// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Founding} from "./Founding.sol";
import {IFounding} from "./IFounding.sol";
import {IMembership} from "./IMembership.sol";
import {IOperators} from "./IOperators.sol";
import {IPermissions} from "../chain/IPermissions.sol";
import {Periods} from "./Periods.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title The alliance's members and threshold
abstract contract Membership is Periods, Founding {
    using EnumerableSet for EnumerableSet.UintSet;

    IOperators private immutable _operators;

    EnumerableSet.UintSet private _members; // institution numbers
    uint16 private _epoch;
    uint16 private _numerator;
    uint16 private _denominator;

    constructor(uint16 numerator, uint16 denominator, address operators_) {
        _operators = IOperators(operators_);
        _setThreshold(numerator, denominator);
    }

    /// @inheritdoc IMembership
    function foundMembers(uint32[] calldata institutions) external onlyFounder {
        for (uint256 i = 0; i < institutions.length; ++i) {
            _addMember(institutions[i]);
        }
    }

    /// @inheritdoc IMembership
    function addMember(uint32 institution) external onlySelf {
        _addMember(institution);
    }

    /// @inheritdoc IMembership
    function removeMember(uint32 institution) external onlySelf {
        require(_members.length() > 1, AllianceLastMember(institution));
        require(_members.remove(institution), AllianceNotMember(institution));
        ++_epoch;
        emit MemberRemoved(institution);
        IPermissions(_operators.permissions()).removeValidatorsOf(institution);
    }

    /// @inheritdoc IMembership
    function setThreshold(uint16 numerator, uint16 denominator) external onlySelf {
        _setThreshold(numerator, denominator);
    }

    /// @inheritdoc IMembership
    function members() external view returns (uint32[] memory numbers) {
        numbers = new uint32[](_members.length());
        for (uint256 i = 0; i < numbers.length; ++i) {
            numbers[i] = _memberAt(i);
        }
    }

    /// @inheritdoc IMembership
    function memberCount() public view returns (uint256) {
        return _members.length();
    }

    /// @inheritdoc IMembership
    function isMember(uint32 institution) public view returns (bool) {
        return _members.contains(institution);
    }

    /// @inheritdoc IMembership
    function epoch() public view returns (uint16) {
        return _epoch;
    }

    /// @inheritdoc IMembership
    function threshold() external view returns (uint16 numerator, uint16 denominator) {
        return (_numerator, _denominator);
    }

    /// @inheritdoc IMembership
    function operators() external view returns (address) {
        return address(_operators);
    }

    function _memberAt(uint256 position) internal view returns (uint32) {
        return uint32(_members.at(position));
    }

    /// @dev The fewest members that are the threshold's fraction of today's.
    function _needNow() internal view returns (uint256) {
        return Math.ceilDiv(_numerator * _members.length(), _denominator);
    }

    /// @dev The member that an account governs, and the account's entry.
    function _governedBy(address account) internal view returns (uint32 institution, uint16 index) {
        _requireSealed();
        uint16 roles;
        (institution, index, roles) = _operators.roleOf(account);
        require(roles & Roles.GOVERN != 0 && isMember(institution), AllianceNotGovern(account));
    }

    /// @dev Whether an account that governed under that entry still does.
    function _stillGoverns(address account, uint16 index) internal view returns (bool) {
        (, uint16 newest, uint16 roles) = _operators.roleOf(account);
        return newest == index && roles & Roles.GOVERN != 0;
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
}
