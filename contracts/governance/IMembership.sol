// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Who belongs to the alliance, how many of them a decision takes, and the periods of its rules
/// @notice All of it changes by vote alone. A member is an institution, and has one vote.
interface IMembership {
    /// @notice One of the alliance's periods, in seconds. One slot.
    struct Period {
        uint64 value;
        uint64 floor; // the lesser of its founding value and one hour; no vote sets less
    }

    /// @notice Only the Alliance itself, by an adopted proposal, may do this.
    error AllianceNotSelf(address caller);
    /// @notice There is no such institution.
    error AllianceUnknownInstitution(uint32 institution);
    /// @notice The institution is a member already.
    error AllianceAlreadyMember(uint32 institution);
    /// @notice The institution is not a member.
    error AllianceNotMember(uint32 institution);
    /// @notice An alliance keeps at least one member.
    error AllianceLastMember(uint32 institution);
    /// @notice A threshold is a fraction above one half and at most one.
    error AllianceThresholdOutOfBounds(uint16 numerator, uint16 denominator);
    /// @notice The period would leave its bounds, in seconds.
    error AllianceParameterOutOfBounds(bytes32 name, uint64 value, uint64 lowest, uint64 highest);
    /// @notice The alliance has no period of that name.
    error AllianceUnknownParameter(bytes32 name);
    /// @notice The alliance has a period of that name already.
    error AllianceKnownParameter(bytes32 name);
    /// @notice Names and values differ in number.
    error AllianceLengthMismatch(uint256 names, uint256 values);

    /// @notice An institution became a member.
    /// @param institution Its number.
    event MemberAdded(uint32 indexed institution);
    /// @notice An institution is no member any more; the other proposals are void.
    /// @param institution Its number.
    event MemberRemoved(uint32 indexed institution);
    /// @notice Another fraction of the members decides.
    /// @param numerator The fraction's.
    /// @param denominator The fraction's.
    event ThresholdChanged(uint16 numerator, uint16 denominator);
    /// @notice A period has a new value.
    /// @param name Its name, e.g. "votingPeriod".
    /// @param value In seconds.
    event ParameterChanged(bytes32 indexed name, uint64 value);

    /// @notice Make institutions founding members. The founder only, before the sealing.
    /// @param institutions Their numbers.
    function foundMembers(uint32[] calldata institutions) external;

    /// @notice Make an institution a member. It may vote on what is open, which may now need more votes.
    /// @param institution Its number.
    function addMember(uint32 institution) external;

    /// @notice End an institution's membership; its validators leave the set, and the other proposals become void.
    /// @param institution Its number.
    function removeMember(uint32 institution) external;

    /// @notice Change the fraction of members that a proposal needs.
    /// @param numerator Of the fraction, which is above one half and at most one.
    /// @param denominator Of the fraction.
    function setThreshold(uint16 numerator, uint16 denominator) external;

    /// @notice Set a period, within the bounds that keep the alliance able to act.
    /// @param name A name that the alliance knows, e.g. "votingPeriod".
    /// @param value In seconds.
    function setParameter(bytes32 name, uint64 value) external;

    /// @notice Give the alliance a period for a rule to come.
    /// @param name A name that it does not know yet.
    /// @param value In seconds; its floor is the lesser of this and one hour.
    function addParameter(bytes32 name, uint64 value) external;

    /// @notice The members.
    /// @return Institution numbers, in no particular order.
    function members() external view returns (uint32[] memory);

    /// @notice How many members there are.
    /// @return The number.
    function memberCount() external view returns (uint256);

    /// @notice Whether an institution is a member.
    /// @param institution Its number.
    /// @return True where it is.
    function isMember(uint32 institution) external view returns (bool);

    /// @notice How often a member was removed; a proposal of an older epoch is void.
    /// @return The number.
    function epoch() external view returns (uint16);

    /// @notice The fraction of members that a proposal needs.
    /// @return numerator Of the fraction.
    /// @return denominator Of the fraction.
    function threshold() external view returns (uint16 numerator, uint16 denominator);

    /// @notice A period; reverts where the alliance has none of that name.
    /// @param name Its name.
    /// @return In seconds.
    function parameter(bytes32 name) external view returns (uint64);

    /// @notice The least that a vote may set a period to, leaving aside what it is compared with.
    /// @param name Its name.
    /// @return In seconds.
    function parameterFloor(bytes32 name) external view returns (uint64);

    /// @notice The contract that says who acts for which institution.
    /// @return Its address.
    function operators() external view returns (address);
}
