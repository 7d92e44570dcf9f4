// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What the members decide on, and when it takes effect
/// @notice A proposal is a list of calls plus the hash of the document that explains it. It is adopted once enough
/// members say yes, waits for "executionDelay", and may then be executed by anyone within "executionWindow". Its end of
/// voting ends voting only. Where its votes fall below the need before it is executed, it is open again.
interface IProposals {
    /// @notice One call of a proposal, made by the Alliance itself.
    struct Call {
        address target;
        bytes data;
    }

    /// @notice How a proposal came to its end by an act.
    enum Ending {
        None,
        Executed,
        Withdrawn
    }

    /// @notice A proposal's record. Three slots: everything but `document` and `content` shares the first.
    struct Proposal {
        uint32 institution; // the proposer's
        uint16 epoch; // of membership, when it was made
        uint40 createdAt;
        uint40 votingEnds; // last second in which it may be adopted
        uint40 executableFrom; // 0: not adopted
        uint40 lapsesAt; // last second in which it may be executed; 0: not adopted
        uint16 need; // yes votes that it took when it was made
        uint16 voters; // institutions of which an account ever voted
        Ending ending;
        bytes32 document;
        bytes32 content; // keccak256(abi.encode(calls, document)), which signed votes name
    }

    /// @notice Where a proposal stands.
    enum ProposalState {
        None, // there is no such proposal
        Open, // may be adopted
        Waiting, // adopted, and its delay runs
        Executable, // adopted, and its window is open
        Executed,
        Expired, // voting ended and it was not adopted
        Lapsed, // adopted, and its window closed
        Void, // a member was removed meanwhile
        Withdrawn // by its proposer
    }

    /// @notice A proposal has between one call and the greatest number of calls.
    error AllianceCallsOutOfBounds(uint256 calls, uint256 highest);
    /// @notice The call at `position` goes to an address without code.
    error AllianceNoCode(uint256 position, address target);
    /// @notice The proposal is not in the state that this needs.
    error AllianceWrongState(uint256 id, ProposalState state);
    /// @notice A proposal is being executed; it may not start another.
    error AllianceExecuting(uint256 id);
    /// @notice The call at `position` reverted with `reason`; nothing of the proposal took effect.
    error AllianceCallFailed(uint256 position, bytes reason);
    /// @notice Only a GOVERN operator of the institution that proposed may do this.
    error AllianceNotProposer(uint256 id, address caller);

    /// @notice Something was put to the vote.
    /// @param id The proposal's number.
    /// @param institution The proposer's.
    /// @param document Hash of the document that explains it.
    /// @param calls What the Alliance would do, in order.
    /// @param votingEnds The last second in which it may be adopted.
    /// @param need The yes votes that it takes at least.
    /// @param operator The GOVERN account that proposed.
    event ProposalCreated(
        uint256 indexed id,
        uint32 indexed institution,
        bytes32 indexed document,
        Call[] calls,
        uint40 votingEnds,
        uint16 need,
        address operator
    );
    /// @notice A proposal has enough votes.
    /// @param id The proposal's number.
    /// @param executableFrom The first second in which it may be executed.
    /// @param lapsesAt The last.
    event ProposalAdopted(uint256 indexed id, uint40 executableFrom, uint40 lapsesAt);
    /// @notice An adopted proposal has not enough votes any more.
    /// @param id The proposal's number.
    event ProposalReopened(uint256 indexed id);
    /// @notice The calls of a proposal were made.
    /// @param id The proposal's number.
    /// @param yes Members that were for it then.
    /// @param need Members that had to be.
    /// @param executor Who carried it out.
    event ProposalExecuted(uint256 indexed id, uint16 yes, uint16 need, address executor);
    /// @notice The proposer took a proposal back.
    /// @param id The proposal's number.
    /// @param operator The GOVERN account that did.
    event ProposalWithdrawn(uint256 indexed id, address operator);

    /// @notice Put a list of calls to the vote, under the hash of the document that explains it; the caller's institution
    /// votes yes by it.
    /// @param calls What the Alliance is to do, in order; 1 to 64.
    /// @param document The hash.
    /// @return id Proposals count from 1.
    function propose(Call[] calldata calls, bytes32 document) external returns (uint256 id);

    /// @notice Carry out an adopted proposal, whoever calls; the calls run in order and revert as a whole.
    /// @param id The proposal's number.
    function execute(uint256 id) external;

    /// @notice Take back a proposal of the caller's institution that is open.
    /// @param id The proposal's number.
    function withdraw(uint256 id) external;

    /// @notice A proposal's record; all zero where there is none.
    /// @param id The proposal's number.
    /// @return The record.
    function proposal(uint256 id) external view returns (Proposal memory);

    /// @notice A proposal's calls.
    /// @param id The proposal's number.
    /// @return The calls, in order.
    function proposalCalls(uint256 id) external view returns (Call[] memory);

    /// @notice How many proposals were ever made: the newest one's number.
    /// @return The number.
    function proposalCount() external view returns (uint256);

    /// @notice Where a proposal stands, by the votes that count now.
    /// @param id The proposal's number.
    /// @return The state.
    function proposalState(uint256 id) external view returns (ProposalState);

    /// @notice Whether a proposal takes away nothing but power to act: all its calls stand in the list of Restrictions
    /// and go to the contracts that the Directory names for them. Such a proposal waits for no delay.
    /// @param id The proposal's number.
    /// @return True where it does.
    function isRestricting(uint256 id) external view returns (bool);

    /// @notice Whether a proposal is being executed to which this institution says yes. Permissions asks it of each
    /// validating institution while these are few.
    /// @param institution Whose yes is asked for.
    /// @return True where both hold.
    function executingYes(uint32 institution) external view returns (bool);

    /// @notice The Directory that says which contracts a restricting call may go to.
    /// @return Its address.
    function directory() external view returns (address);
}
