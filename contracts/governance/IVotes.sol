// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title How members vote
/// @notice Every GOVERN account of a member may say yes or no, and change it until the proposal is executed. The member
/// says yes where one of its accounts does and none says no; one account's no is enough for a no. What an account said
/// counts while it goes on being GOVERN and falls with it, for ever: one that is made GOVERN anew votes anew. So nobody
/// has to look for what a stolen account said, and it is counted whenever it matters.
interface IVotes {
    /// @notice What an institution says about a proposal.
    enum Stance {
        None,
        Yes,
        No
    }

    /// @notice What one account said. One slot.
    struct Ballot {
        address account;
        uint16 index; // its entry in Operators at that time: counts while that entry is GOVERN
        bool support;
    }

    /// @notice A vote as signed: `Vote(uint256 proposal,bytes32 content,bool support,uint256 sequence,uint256 deadline)`.
    struct SignedVote {
        uint256 proposal;
        bytes32 content; // the proposal's: another chain's proposal of that number has another
        bool support;
        uint256 sequence; // the institution's next
        uint256 deadline; // last second in which it may be handed in
        bytes signature; // 65 bytes
    }

    /// @notice The votes of today's members that count now.
    struct Tally {
        uint16 yes;
        uint16 no;
        uint16 need; // the greater of what it took when it was made and what it takes now
        uint16 members;
    }

    /// @notice The account is no GOVERN operator of a member.
    error AllianceNotGovern(address account);
    /// @notice What was signed has other calls or another document than this proposal.
    error AllianceOtherContent(uint256 id, bytes32 content);
    /// @notice The institution's next signed vote has another number: this one was used, or another vote came first.
    error AllianceSequenceMismatch(uint32 institution, uint256 sequence, uint256 next);
    /// @notice The signature was to be used by `deadline`.
    error AllianceSignatureExpired(uint256 deadline);
    /// @notice So many votes are not handed in at once.
    error AllianceTooManyVotes(uint256 votes, uint256 highest);

    /// @notice An account voted for its institution.
    /// @param id The proposal's number.
    /// @param institution The institution's.
    /// @param support Yes, or no.
    /// @param operator The account.
    event VoteCast(uint256 indexed id, uint32 indexed institution, bool support, address operator);
    /// @notice A vote of a batch was not taken; the others were.
    /// @param position Its place in the batch, from 0.
    /// @param id The proposal's number.
    /// @param reason The error that it would have reverted with.
    event VoteSkipped(uint256 indexed position, uint256 indexed id, bytes reason);

    /// @notice Vote for the caller's institution, or change what the caller said. What the institution's accounts signed
    /// before and nobody handed in counts no more.
    /// @param id The proposal's number.
    /// @param support Yes, or no.
    function vote(uint256 id, bool support) external;

    /// @notice Hand in a vote that a GOVERN operator signed.
    /// @param given The vote.
    function voteFor(SignedVote calldata given) external;

    /// @notice Hand in votes of several institutions, at most 256; one that is refused is skipped and reported.
    /// @param given The votes; several of one institution in the order of their sequence.
    function voteMany(SignedVote[] calldata given) external;

    /// @notice Count a proposal's votes anew, whoever calls: the account that said no may act no more, and enough say
    /// yes.
    /// @param id The proposal's number.
    function recount(uint256 id) external;

    /// @notice The votes that count now. Of a proposal that has come to its end: that would count.
    /// @param id The proposal's number.
    /// @return The numbers.
    function tally(uint256 id) external view returns (Tally memory);

    /// @notice What an institution says now.
    /// @param id The proposal's number.
    /// @param institution The institution's.
    /// @return Yes, no, or nothing.
    function stanceOf(uint256 id, uint32 institution) external view returns (Stance);

    /// @notice What an institution's accounts said, as far as it counts now.
    /// @param id The proposal's number.
    /// @param institution The institution's.
    /// @return One for each account that is still a GOVERN of it.
    function ballots(uint256 id, uint32 institution) external view returns (Ballot[] memory);

    /// @notice The number that an institution's next signed vote bears.
    /// @param institution The institution's.
    /// @return The number.
    function nextSequence(uint32 institution) external view returns (uint256);
}
