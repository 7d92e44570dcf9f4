// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Frameworks, their levels and qualification types, and claims about how they compare
/// @notice A rank is unique in its framework and comparable only within one ladder; a higher rank is a higher level
/// always (a label may count the other way). Nothing is compared across frameworks without a dated crosswalk.
interface IQualificationFrameworks {
    /// @notice A framework. Two slots: everything but `nameHash` shares the first.
    struct Framework {
        uint16 levels;
        uint32 types;
        uint40 addedAt;
        uint8 direction; // of the labels: 0 not stated, 1 rising, 2 falling
        uint8 ladders;
        bytes32 nameHash;
    }

    /// @notice A level. Three slots: `codeHash` and `labelHash` have their own.
    struct Level {
        uint8 ladder;
        uint40 addedAt;
        bool blank; // the source leaves it empty; so do we
        bytes32 codeHash;
        bytes32 labelHash;
    }

    /// @notice A level as it is handed in.
    struct LevelInput {
        uint8 rank;
        uint8 ladder;
        bool blank;
        string code;
        string label;
    }

    /// @notice A qualification type. Two slots: everything but `nameHash` shares the first.
    struct QualificationType {
        uint8 lowestRank;
        uint8 highestRank;
        uint40 from;
        uint40 to; // first second out of force; 0: open
        uint40 addedAt;
        bytes32 nameHash;
    }

    /// @notice An authority's claim that ranks of one framework correspond to ranks of another. Two slots: everything
    /// but `evidence` shares the first.
    struct Crosswalk {
        uint32 authority; // the institution that claims it
        uint32 source;
        uint32 target;
        uint8 sourceLowest;
        uint8 sourceHighest;
        uint8 targetLowest;
        uint8 targetHighest;
        uint8 direction; // 1 source to target, 2 both ways
        uint40 from;
        uint40 to; // first second out of force; 0: open
        bytes32 evidence; // hash of the document that shows it
    }

    /// @notice The number is zero or taken.
    error FrameworksNumberTaken(uint32 framework, uint32 number);
    /// @notice There is no such framework.
    error FrameworksUnknownFramework(uint32 framework);
    /// @notice There is no such level.
    error FrameworksUnknownRank(uint32 framework, uint8 rank);
    /// @notice There is no such qualification type.
    error FrameworksUnknownType(uint32 framework, uint32 number);
    /// @notice There is no such crosswalk.
    error FrameworksUnknownCrosswalk(uint32 number);
    /// @notice A text is 1 to 256 bytes of UTF-8 without control characters.
    error FrameworksTextMalformed(string text);
    /// @notice The labels' direction is 0, 1 or 2; a crosswalk's 1 or 2.
    error FrameworksDirectionOutOfBounds(uint8 direction);
    /// @notice The level at `position` has rank or ladder 0, or a rank that exists.
    error FrameworksLevelMalformed(uint256 position, uint8 rank);
    /// @notice Ranks of a range stand in order, on one ladder.
    error FrameworksRanksOutOfOrder(uint8 lowest, uint8 highest);
    /// @notice A window ends after it began.
    error FrameworksWindowOutOfOrder(uint40 from, uint40 to);
    /// @notice An end lies no earlier than now and no later than it would have.
    error FrameworksEndOutOfBounds(uint40 to, uint40 earliest, uint40 latest);
    /// @notice The caller is no GOVERN operator of the authority.
    error FrameworksNotAuthority(uint32 authority, address caller);

    /// @notice There is one framework more.
    /// @param framework The framework's number.
    /// @param nameHash keccak256 of the name.
    /// @param name In UTF-8.
    /// @param direction Of the labels: 0 not stated, 1 rising, 2 falling.
    /// @param legalBasis What it rests on, as text.
    event FrameworkAdded(
        uint32 indexed framework, bytes32 indexed nameHash, string name, uint8 direction, string legalBasis
    );
    /// @notice A framework has one level more.
    /// @param framework The framework's number.
    /// @param rank Its rank; higher is always a higher level.
    /// @param ladder Which ladder it belongs to.
    /// @param blank Whether the source leaves it empty.
    /// @param code Its code.
    /// @param label Its label.
    event LevelAdded(uint32 indexed framework, uint8 indexed rank, uint8 ladder, bool blank, string code, string label);
    /// @notice A framework has one qualification type more.
    /// @param framework The framework's number.
    /// @param number Its number in the framework.
    /// @param name In UTF-8.
    /// @param lowestRank The lowest rank that it stands at.
    /// @param highestRank The highest.
    /// @param from The first second in force.
    /// @param to The first second out of force; 0: open.
    event TypeAdded(
        uint32 indexed framework,
        uint32 indexed number,
        string name,
        uint8 lowestRank,
        uint8 highestRank,
        uint40 from,
        uint40 to
    );
    /// @notice A qualification type ends.
    /// @param framework The framework's number.
    /// @param number Its number in the framework.
    /// @param to The first second out of force.
    event TypeEnded(uint32 indexed framework, uint32 indexed number, uint40 to);
    /// @notice An authority claims that levels of two frameworks correspond.
    /// @param number The crosswalk's number.
    /// @param authority The institution that claims it.
    /// @param crosswalk The claim.
    event CrosswalkAdded(uint32 indexed number, uint32 indexed authority, Crosswalk crosswalk);
    /// @notice A claim of correspondence ends.
    /// @param number The crosswalk's number.
    /// @param to The first second out of force.
    event CrosswalkEnded(uint32 indexed number, uint40 to);

    /// @notice Add a framework under a number of the proposer's choice. Alliance only.
    /// @param number The framework's.
    /// @param name In UTF-8.
    /// @param direction Of the labels: 0 not stated, 1 rising, 2 falling.
    /// @param legalBasis What it rests on, as text.
    function addFramework(uint32 number, string calldata name, uint8 direction, string calldata legalBasis) external;

    /// @notice Add levels to a framework. Alliance only.
    /// @param framework_ The framework's number.
    /// @param levels Each with a rank that the framework does not have yet.
    function addLevels(uint32 framework_, LevelInput[] calldata levels) external;

    /// @notice Add a qualification type, its ranks on one ladder. Alliance only.
    /// @param framework_ The framework's number.
    /// @param number Its number in the framework.
    /// @param name In UTF-8.
    /// @param lowestRank The lowest rank that it stands at.
    /// @param highestRank The highest.
    /// @param from The first second in force.
    /// @param to The first second out of force; 0: open.
    function addType(
        uint32 framework_,
        uint32 number,
        string calldata name,
        uint8 lowestRank,
        uint8 highestRank,
        uint40 from,
        uint40 to
    ) external;

    /// @notice End a qualification type now or later; earlier credentials stay verifiable. Alliance only.
    /// @param framework_ The framework's number.
    /// @param number Its number in the framework.
    /// @param to The first second out of force.
    function endType(uint32 framework_, uint32 number, uint40 to) external;

    /// @notice Claim a correspondence in the name of the caller's institution. GOVERN only.
    /// @param crosswalk_ The claim; its authority is the caller's institution.
    /// @return number Crosswalks count from 1.
    function addCrosswalk(Crosswalk calldata crosswalk_) external returns (uint32 number);

    /// @notice End a claim now or later. GOVERN of its authority only.
    /// @param number The crosswalk's number.
    /// @param to The first second out of force.
    function endCrosswalk(uint32 number, uint40 to) external;

    /// @notice A framework's record.
    /// @param number The framework's.
    /// @return Zeros where there is none.
    function framework(uint32 number) external view returns (Framework memory);

    /// @notice A level's record.
    /// @param framework_ The framework's number.
    /// @param rank The level's.
    /// @return Zeros where there is none.
    function level(uint32 framework_, uint8 rank) external view returns (Level memory);

    /// @notice A qualification type's record.
    /// @param framework_ The framework's number.
    /// @param number Its number in the framework.
    /// @return Zeros where there is none.
    function qualificationType(uint32 framework_, uint32 number) external view returns (QualificationType memory);

    /// @notice A claim of correspondence.
    /// @param number From 1.
    /// @return The record; zeros where there is none.
    function crosswalk(uint32 number) external view returns (Crosswalk memory);

    /// @notice How many claims were ever made: the newest one's number.
    /// @return The number.
    function crosswalkCount() external view returns (uint32);

    /// @notice The contract that says who acts for which institution.
    /// @return Its address.
    function operators() external view returns (address);
}
