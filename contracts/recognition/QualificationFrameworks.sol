// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "../governance/Governed.sol";
import {INamed} from "../governance/INamed.sol";
import {IOperators} from "../governance/IOperators.sol";
import {IQualificationFrameworks} from "./IQualificationFrameworks.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";
import {Texts} from "../libraries/Texts.sol";

/// @title Frameworks, levels, qualification types and crosswalks
contract QualificationFrameworks is IQualificationFrameworks, INamed, Governed {
    using SafeCast for uint256;

    uint8 private constant LAST_DIRECTION = 2;

    IOperators private immutable _operators;

    mapping(uint32 => Framework) private _frameworks;
    mapping(uint32 => mapping(uint8 => Level)) private _levels; // framework => rank
    mapping(uint32 => mapping(uint32 => QualificationType)) private _types; // framework => number
    uint32 private _crosswalkCount;
    mapping(uint32 => Crosswalk) private _crosswalks; // numbers count from 1

    constructor(address alliance_, address operators_) Governed(alliance_) {
        _operators = IOperators(operators_);
    }

    /// @inheritdoc INamed
    function directoryName() external pure returns (bytes32) {
        return Names.QUALIFICATION_FRAMEWORKS;
    }

    /// @inheritdoc IQualificationFrameworks
    function addFramework(uint32 number, string calldata name, uint8 direction, string calldata legalBasis)
        external
        onlyAlliance
    {
        require(number != 0 && _frameworks[number].addedAt == 0, FrameworksNumberTaken(number, 0));
        require(direction <= LAST_DIRECTION, FrameworksDirectionOutOfBounds(direction));
        bytes32 nameHash = _hash(name);
        _frameworks[number] = Framework(0, 0, block.timestamp.toUint40(), direction, 0, nameHash);
        emit FrameworkAdded(number, nameHash, name, direction, legalBasis);
    }

    /// @inheritdoc IQualificationFrameworks
    function addLevels(uint32 framework_, LevelInput[] calldata levels) external onlyAlliance {
        _requireFramework(framework_);
        Framework storage record = _frameworks[framework_];
        for (uint256 i = 0; i < levels.length; ++i) {
            LevelInput calldata input = levels[i];
            require(
                input.rank != 0 && input.ladder != 0 && _levels[framework_][input.rank].addedAt == 0,
                FrameworksLevelMalformed(i, input.rank)
            );
            // a blank level has no code and no label: the hash of nothing
            bytes32 codeHash = input.blank && bytes(input.code).length == 0 ? keccak256("") : _hash(input.code);
            bytes32 labelHash = input.blank && bytes(input.label).length == 0 ? keccak256("") : _hash(input.label);
            _levels[framework_][input.rank] =
                Level(input.ladder, block.timestamp.toUint40(), input.blank, codeHash, labelHash);
            ++record.levels;
            if (input.ladder > record.ladders) record.ladders = input.ladder;
            emit LevelAdded(framework_, input.rank, input.ladder, input.blank, input.code, input.label);
        }
    }

    /// @inheritdoc IQualificationFrameworks
    function addType(
        uint32 framework_,
        uint32 number,
        string calldata name,
        uint8 lowestRank,
        uint8 highestRank,
        uint40 from,
        uint40 to
    ) external onlyAlliance {
        _requireFramework(framework_);
        require(
            number != 0 && _types[framework_][number].addedAt == 0, FrameworksNumberTaken(framework_, number)
        );
        _requireRange(framework_, lowestRank, highestRank);
        require(to == 0 || from < to, FrameworksWindowOutOfOrder(from, to));
        _types[framework_][number] =
            QualificationType(lowestRank, highestRank, from, to, block.timestamp.toUint40(), _hash(name));
        ++_frameworks[framework_].types;
        emit TypeAdded(framework_, number, name, lowestRank, highestRank, from, to);
    }

    /// @inheritdoc IQualificationFrameworks
    function endType(uint32 framework_, uint32 number, uint40 to) external onlyAlliance {
        QualificationType storage record = _types[framework_][number];
        require(record.addedAt != 0, FrameworksUnknownType(framework_, number));
        _requireEnd(to, record.to);
        record.to = to;
        emit TypeEnded(framework_, number, to);
    }

    /// @inheritdoc IQualificationFrameworks
    function addCrosswalk(Crosswalk calldata claim) external returns (uint32 number) {
        _requireAuthority(claim.authority);
        require(
            claim.direction != 0 && claim.direction <= LAST_DIRECTION, FrameworksDirectionOutOfBounds(claim.direction)
        );
        _requireRange(claim.source, claim.sourceLowest, claim.sourceHighest);
        _requireRange(claim.target, claim.targetLowest, claim.targetHighest);
        require(claim.to == 0 || claim.from < claim.to, FrameworksWindowOutOfOrder(claim.from, claim.to));
        number = ++_crosswalkCount;
        _crosswalks[number] = claim;
        emit CrosswalkAdded(number, claim.authority, claim);
    }

    /// @inheritdoc IQualificationFrameworks
    function endCrosswalk(uint32 number, uint40 to) external {
        Crosswalk storage record = _crosswalks[number];
        require(record.authority != 0, FrameworksUnknownCrosswalk(number));
        _requireAuthority(record.authority);
        _requireEnd(to, record.to);
        record.to = to;
        emit CrosswalkEnded(number, to);
    }

    /// @inheritdoc IQualificationFrameworks
    function framework(uint32 number) external view returns (Framework memory) {
        return _frameworks[number];
    }

    /// @inheritdoc IQualificationFrameworks
    function level(uint32 framework_, uint8 rank) external view returns (Level memory) {
        return _levels[framework_][rank];
    }

    /// @inheritdoc IQualificationFrameworks
    function qualificationType(uint32 framework_, uint32 number) external view returns (QualificationType memory) {
        return _types[framework_][number];
    }

    /// @inheritdoc IQualificationFrameworks
    function crosswalk(uint32 number) external view returns (Crosswalk memory) {
        return _crosswalks[number];
    }

    /// @inheritdoc IQualificationFrameworks
    function crosswalkCount() external view returns (uint32) {
        return _crosswalkCount;
    }

    /// @inheritdoc IQualificationFrameworks
    function operators() external view returns (address) {
        return address(_operators);
    }

    function _requireFramework(uint32 number) private view {
        require(_frameworks[number].addedAt != 0, FrameworksUnknownFramework(number));
    }

    /// @dev Both ends are levels of the framework, on one ladder.
    function _requireRange(uint32 framework_, uint8 lowest, uint8 highest) private view {
        Level storage low = _levels[framework_][lowest];
        Level storage high = _levels[framework_][highest];
        require(low.addedAt != 0, FrameworksUnknownRank(framework_, lowest));
        require(high.addedAt != 0, FrameworksUnknownRank(framework_, highest));
        require(lowest <= highest && low.ladder == high.ladder, FrameworksRanksOutOfOrder(lowest, highest));
    }

    function _requireEnd(uint40 to, uint40 before) private view {
        uint40 latest = before == 0 ? type(uint40).max : before;
        require(
            to >= block.timestamp && to <= latest, FrameworksEndOutOfBounds(to, block.timestamp.toUint40(), latest)
        );
    }

    function _requireAuthority(uint32 authority) private view {
        require(
            _operators.hasRole(msg.sender, authority, Roles.GOVERN), FrameworksNotAuthority(authority, msg.sender)
        );
    }

    function _hash(string calldata text) private pure returns (bytes32) {
        require(Texts.isPlain(text), FrameworksTextMalformed(text));
        return keccak256(bytes(text));
    }
}
