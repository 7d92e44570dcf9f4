// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IControllers} from "./IControllers.sol";

/// @title Institutions and the accounts that act for them
/// @notice An institution is a number from 1. An account belongs to one institution for ever, and accepts by EIP-712. ADMIN
/// adds and retires ISSUE and STATUS operators, and those of REVIEW, RECOGNISE, AUDIT and BANK for which the institution has
/// the Alliance's mandate.
interface IOperators is IControllers {
    /// @notice Where an account's newest entry stands. One slot.
    struct Reference {
        uint32 institution;
        uint16 index; // from 1; 0 for a recovery account that never was an operator
        uint40 since;
        uint16 roles; // now: 0 once that entry has ended
        uint40 compromisedSince; // 0: in good hands
        uint32 nonce; // of its next acceptance: how often it took on a role
        uint40 restoredAt; // when a vote last moved its cut-off later or cleared it
    }

    /// @notice One account's time of acting for an institution. One slot.
    struct Operator {
        address account;
        uint16 roles; // bits: GOVERN 1, ISSUE 2, STATUS 4, ADMIN 8, REVIEW 16, RECOGNISE 32, AUDIT 64, BANK 128
        uint40 until; // 0: still acting
        uint40 compromisedSince; // 0: never said so, or cleared
    }

    /// @notice What votes did to an operator's cut-off. One slot, beside the operator's.
    struct Restoration {
        uint16 clearings; // how often a vote moved the cut-off later or cleared it
        uint40 at; // the last time; ADMIN marks the account again 90 days later at the earliest
        uint40 former; // the cut-off before that
    }

    /// @notice An institution's counts. One slot.
    struct Institution {
        uint16 operatorCount; // entries ever made
        uint16 activeCount;
        uint40 createdAt;
        uint40 spentUntil; // ADMIN's additions: each takes six hours of a budget of 64
        uint16 mandate; // those of REVIEW, RECOGNISE, AUDIT and BANK that it may give
    }

    /// @notice The accounts of a founding institution.
    struct Founder {
        address[] govern;
        address[] admin;
        address[] issue;
        address[] status;
        address recovery;
    }

    /// @notice The institution to create would not get the expected number.
    error OperatorsUnexpectedNumber(uint32 expected, uint32 next);
    /// @notice There is no such institution.
    error OperatorsUnknownInstitution(uint32 institution);
    /// @notice The caller is no ADMIN.
    error OperatorsNotAdmin(address caller);
    /// @notice Not among the roles that may be given or taken in this way.
    error OperatorsRolesOutOfBounds(uint16 roles);
    /// @notice The zero address acts for nobody.
    error OperatorsZeroAccount();
    /// @notice The account belongs to another institution, for ever.
    error OperatorsAccountOfAnother(address account, uint32 institution);
    /// @notice The account acts for the institution already.
    error OperatorsAccountActive(address account);
    /// @notice The account does not act for any institution now.
    error OperatorsAccountNotActive(address account);
    /// @notice The account was marked as compromised and does not act.
    error OperatorsAccountCompromised(address account);
    /// @notice The account was not marked as compromised.
    error OperatorsAccountNotCompromised(address account);
    /// @notice An institution has at most this many acting accounts, an account at most this many entries.
    error OperatorsTooMany(uint32 institution, uint256 highest);
    /// @notice ADMIN added so many accounts lately that the next one waits.
    error OperatorsBudgetSpent(uint32 institution, uint40 next);
    /// @notice The last entries of an institution are kept for its recovery account and votes.
    error OperatorsReserved(uint32 institution, uint16 operatorCount);
    /// @notice The acceptance was to be used by `deadline`.
    error OperatorsAcceptanceExpired(address account, uint256 deadline);
    /// @notice The account did not sign this acceptance, with the nonce that is its next.
    error OperatorsAcceptanceInvalid(address account);
    /// @notice Every account that is new in the set accepts, no other does.
    error OperatorsAcceptanceCount(uint256 given, uint256 needed);
    /// @notice A cut-off lies between `earliest` and `latest`.
    error OperatorsSinceOutOfBounds(uint40 since, uint40 earliest, uint40 latest);
    /// @notice The recovery account is replaced before or while it is marked.
    error OperatorsAccountRecovers(uint32 institution, address account);
    /// @notice A vote restored the account; its ADMIN marks it from `from` on, a vote at any time.
    error OperatorsRestoredByVote(address account, uint40 from);
    /// @notice Clearing a cut-off takes the consent of a GOVERN of the institution besides the vote.
    error OperatorsNoConsent(uint32 institution, address account);

    /// @notice An account acts for an institution from now on.
    /// @param institution The institution.
    /// @param account The account.
    /// @param index The number of its entry.
    /// @param roles Its roles, as bits.
    /// @param by An ADMIN, the Alliance, the founder, or who brought a replacement into effect.
    event OperatorAdded(
        uint32 indexed institution, address indexed account, uint16 index, uint16 roles, address indexed by
    );
    /// @notice An account acts for its institution no more.
    /// @param institution The institution.
    /// @param account The account.
    /// @param index The number of its entry.
    /// @param by Itself, an ADMIN, the Alliance, or who brought a replacement into effect.
    event OperatorRetired(uint32 indexed institution, address indexed account, uint16 index, address indexed by);
    /// @notice An account is in wrong hands since then; one event for each of its entries.
    /// @param institution The institution.
    /// @param account The account.
    /// @param index The number of its entry.
    /// @param since Since when, in seconds.
    /// @param by An ADMIN, a GOVERN for the recovery account, or the Alliance.
    event OperatorMarkedCompromised(
        uint32 indexed institution, address indexed account, uint16 index, uint40 since, address indexed by
    );
    /// @notice A GOVERN agrees that the account's cut-off be cleared, if a vote does so by `until`.
    /// @param institution The institution.
    /// @param account The account.
    /// @param by The GOVERN.
    /// @param until The last second in which a vote may do so.
    event ClearingConsented(uint32 indexed institution, address indexed account, address indexed by, uint40 until);
    /// @notice A vote moved a cut-off to the later `since`, or cleared it (0).
    /// @param institution The institution.
    /// @param account The account.
    /// @param index The number of its entry.
    /// @param former The cut-off before.
    /// @param since The cut-off now; 0: none.
    /// @param clearings How often a vote has done so to this entry.
    event OperatorRestored(
        uint32 indexed institution, address indexed account, uint16 index, uint40 former, uint40 since, uint16 clearings
    );
    /// @notice A vote said which mandated roles an institution may give.
    /// @param institution The institution.
    /// @param roles Those of REVIEW, RECOGNISE, AUDIT and BANK that it may.
    /// @param former Those that it might before.
    event MandateSet(uint32 indexed institution, uint16 roles, uint16 former);

    /// @notice Enter the next founding institutions with their accounts. The founder only, before the sealing.
    /// @param expected the number of the first of them; an interrupted founding goes on where it stopped.
    /// @param founders Their accounts, in the order of their numbers.
    function foundInstitutions(uint32 expected, Founder[] calldata founders) external;

    /// @notice Let an account act for the caller's institution: ISSUE, STATUS and what its mandate names. An ADMIN that is
    /// not frozen; 64 at once, and then one every six hours; up to 56 acting accounts, so that a controller always finds room.
    /// @param account An account of this institution or of none.
    /// @param roles Bits of those roles.
    /// @param deadline The acceptance's, in seconds.
    /// @param acceptance The account's signature.
    function addOperator(address account, uint16 roles, uint256 deadline, bytes calldata acceptance) external;

    /// @notice End an operator's time, now. Its institution's ADMIN (not that of a GOVERN or ADMIN), or the Alliance.
    /// @param account The account.
    function retireOperator(address account) external;

    /// @notice Lay down the caller's own roles; at least two GOVERN and one ADMIN stay.
    function resign() external;

    /// @notice Say since when an account was in wrong hands; that ends its time too. Its institution's ADMIN for operators
    /// that are neither GOVERN nor ADMIN, at most 90 days back (a frozen one: from now); the Alliance for any account and
    /// time. Only ever earlier. Counts for every entry that the account ever had.
    /// @param account The account.
    /// @param since Since when, in seconds.
    function markOperatorCompromised(address account, uint40 since) external;

    /// @notice Move an account's cut-off to a later time. Alliance only.
    /// @param account The account.
    /// @param since The later time, no later than now.
    function restoreOperator(address account, uint40 since) external;

    /// @notice Agree that the Alliance clears an account's cut-off, within 60 days and before another cut-off. A GOVERN of
    /// its institution.
    /// @param account The account.
    function consentToClear(address account) external;

    /// @notice Clear an account's cut-off altogether, with the consent of a GOVERN who still is one. Alliance only.
    /// @param account The account.
    function clearOperator(address account) external;

    /// @notice Say which of REVIEW, RECOGNISE, AUDIT and BANK an institution may give to its accounts; who has one that is
    /// taken away acts with it no more. Alliance only.
    /// @param institution The institution.
    /// @param roles Bits of those roles; 0: none.
    function setMandate(uint32 institution, uint16 roles) external;

    /// @notice Whether the account acts for the institution now, with all of `role`'s bits.
    /// @param account The account.
    /// @param institution The institution.
    /// @param role One or more bits.
    /// @return True where it has all of them.
    function hasRole(address account, uint32 institution, uint16 role) external view returns (bool);

    /// @notice Whom the account belongs to (0: nobody), its newest entry, and its roles now (0 once retired; without those
    /// whose mandate was taken away).
    /// @param account The account.
    /// @return institution Its number.
    /// @return index The newest entry's number in it.
    /// @return roles Bits.
    function roleOf(address account) external view returns (uint32 institution, uint16 index, uint16 roles);

    /// @notice Where an account's newest entry stands.
    /// @param account The account.
    /// @return The slot; zeros where it never belonged to an institution.
    function referenceOf(address account) external view returns (Reference memory);

    /// @notice One account's time of acting for an institution.
    /// @param institution The institution.
    /// @param index The entry's number, from 1.
    /// @return The slot; zeros where there is no such entry.
    function operator(uint32 institution, uint16 index) external view returns (Operator memory);

    /// @notice What votes did to the cut-off of an operator.
    /// @param institution The institution.
    /// @param index The entry's number, from 1.
    /// @return The slot; zeros: nothing.
    function restoration(uint32 institution, uint16 index) external view returns (Restoration memory);

    /// @notice The indexes of all entries that the account ever had, in order.
    /// @param account The account.
    /// @return Numbers in its institution.
    function indexesOf(address account) external view returns (uint16[] memory);

    /// @notice An institution's counts.
    /// @param number The institution.
    /// @return The slot; zeros where there is no such institution.
    function institutionOf(uint32 number) external view returns (Institution memory);

    /// @notice How many institutions there are: the newest one's number.
    /// @return The number.
    function institutionCount() external view returns (uint32);

    /// @notice The contract that counts who may transact.
    /// @return Its address.
    function permissions() external view returns (address);
}
