// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The members, their votes and their agreement
/// @notice A proposal is a list of calls plus the hash of the document that explains it. One member has one vote, cast
/// by any of its GOVERN operators, and it is final. A proposal passes when `denominator * yes >= numerator * members`,
/// is void once membership has changed, expires, and executes once, started by anyone.
interface IAlliance {
    /// @notice One call of a proposal, made by the Alliance itself.
    struct Call {
        address target;
        bytes data;
    }

    /// @notice A proposal's record. Two slots: everything but `document` shares the first.
    struct Proposal {
        uint32 institution; // the proposer's
        uint32 epoch; // membership epoch it was made in
        uint40 createdAt;
        uint40 expiresAt; // last second in which it may be voted on or executed
        uint16 yes;
        uint16 no;
        bool executed;
        bytes32 document;
    }

    /// @notice A version of the agreement. Two slots: `from` and `adoptedAt` share the first.
    struct Agreement {
        uint40 from; // in force from
        uint40 adoptedAt;
        bytes32 document;
    }

    /// @notice Where a proposal stands.
    enum ProposalState {
        None,
        Open,
        Passed,
        Executed,
        Expired,
        Void
    }

    /// @notice The caller is no GOVERN operator of a member.
    error AllianceNotGovern(address caller);
    /// @notice Only the Alliance itself, by a passed proposal, may do this.
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
    /// @notice The parameter's value would leave its bounds.
    error AllianceParameterOutOfBounds(bytes32 name, uint64 value, uint64 lowest, uint64 highest);
    /// @notice No value was ever set for this parameter.
    error AllianceUnknownParameter(bytes32 name);
    /// @notice Names and values differ in number.
    error AllianceLengthMismatch(uint256 names, uint256 values);
    /// @notice A proposal has between one call and the greatest number of calls.
    error AllianceCallsOutOfBounds(uint256 calls, uint256 highest);
    /// @notice The call at `position` goes to an address without code.
    error AllianceNoCode(uint256 position, address target);
    /// @notice The proposal is not in the state that this needs.
    error AllianceWrongState(uint256 id, ProposalState state);
    /// @notice This member has voted on the proposal; a vote is final.
    error AllianceAlreadyVoted(uint256 id, uint32 institution);
    /// @notice A proposal is being executed; it may not start another.
    error AllianceExecuting(uint256 id);
    /// @notice The call at `position` reverted with `reason`; nothing of the proposal took effect.
    error AllianceCallFailed(uint256 position, bytes reason);
    /// @notice There is no such version of the agreement.
    error AllianceUnknownAgreement(uint32 version);
    /// @notice The institution has signed this version.
    error AllianceAlreadySigned(uint32 version, uint32 institution);
    /// @notice The signature was to be used by `deadline`.
    error AllianceSignatureExpired(uint256 deadline);

    event ProposalCreated(
        uint256 indexed id, uint32 indexed institution, bytes32 indexed document, Call[] calls, uint40 expiresAt
    );
    event VoteCast(uint256 indexed id, uint32 indexed institution, bool support, address operator);
    event ProposalExecuted(uint256 indexed id);
    event MemberAdded(uint32 indexed institution);
    event MemberRemoved(uint32 indexed institution);
    event ThresholdChanged(uint16 numerator, uint16 denominator);
    event ParameterChanged(bytes32 indexed name, uint64 value);
    event AgreementAdopted(uint32 indexed version, bytes32 indexed document, uint40 from);
    event AgreementSigned(uint32 indexed version, uint32 indexed institution, address operator);

    /// @notice Put a list of calls to the vote, under the hash of the document that explains it.
    /// @return id Proposals count from 1.
    function propose(Call[] calldata calls, bytes32 document) external returns (uint256 id);

    /// @notice Cast the caller's institution's one vote.
    function vote(uint256 id, bool support) external;

    /// @notice Carry out a passed proposal, whoever calls; the calls run in order and revert as a whole.
    function execute(uint256 id) external;

    /// @notice Make institutions founding members. The founder only, before the sealing.
    function foundMembers(uint32[] calldata institutions) external;

    /// @notice Make an institution a member; the open proposals become void.
    function addMember(uint32 institution) external;

    /// @notice End an institution's membership; its validators leave the set, and the open proposals become void.
    function removeMember(uint32 institution) external;

    /// @notice Change the fraction of members that a proposal needs.
    function setThreshold(uint16 numerator, uint16 denominator) external;

    /// @notice Set a period in seconds, e.g. "votingPeriod", within the bounds that keep the alliance able to act.
    function setParameter(bytes32 name, uint64 value) external;

    /// @notice Adopt a version of the agreement, in force from `from`.
    function adoptAgreement(bytes32 document, uint40 from) external returns (uint32 version);

    /// @notice Sign a version of the agreement for the caller's institution.
    function signAgreement(uint32 version) external;

    /// @notice Hand in a GOVERN operator's EIP-712 signature
    /// `AgreementSignature(uint32 version,bytes32 document,uint256 deadline)`.
    function signAgreementFor(uint32 version, uint256 deadline, bytes calldata signature) external;

    /// @notice The members' institution numbers, in no particular order.
    function members() external view returns (uint32[] memory);

    function memberCount() external view returns (uint256);

    function isMember(uint32 institution) external view returns (bool);

    /// @notice How often membership has changed; a proposal of an older epoch is void.
    function epoch() external view returns (uint32);

    function threshold() external view returns (uint16 numerator, uint16 denominator);

    /// @notice A period in seconds; reverts where none was ever set.
    function parameter(bytes32 name) external view returns (uint64);

    function proposal(uint256 id) external view returns (Proposal memory);

    function proposalCalls(uint256 id) external view returns (Call[] memory);

    function proposalCount() external view returns (uint256);

    function proposalState(uint256 id) external view returns (ProposalState);

    function hasVoted(uint256 id, uint32 institution) external view returns (bool);

    /// @notice Whether a proposal is being executed to which this institution says yes. Permissions asks it of each
    /// validating institution while these are few.
    /// @param institution Whose yes is asked for.
    function executingYes(uint32 institution) external view returns (bool);

    function agreement(uint32 version) external view returns (Agreement memory);

    /// @notice The newest version of the agreement, 0 before the first.
    function agreementCount() external view returns (uint32);

    function signed(uint32 version, uint32 institution) external view returns (bool);

    /// @notice The contract that says who acts for which institution.
    function operators() external view returns (address);
}
