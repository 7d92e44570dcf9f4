// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Institutions and the accounts that act for them
/// @notice An institution is a number from 1. An account belongs to one institution for ever, and accepts by EIP-712.
/// ADMIN adds and retires ISSUE and STATUS operators. GOVERN, ADMIN and the recovery account change together, by
/// `replaceControllers`: asked for by ADMIN, or with a longer delay by the recovery account; a current GOVERN may cancel;
/// the Alliance replaces at once.
interface IOperators {
    /// @notice Where an account's newest entry stands. One slot.
    struct Reference {
        uint32 institution;
        uint16 index; // from 1; 0 for a recovery account that never was an operator
        uint40 since;
        uint16 roles; // now: 0 once that entry has ended
    }

    /// @notice One account's time of acting for an institution. One slot.
    struct Operator {
        address account;
        uint16 roles; // bits: GOVERN 1, ISSUE 2, STATUS 4, ADMIN 8, REVIEW 16, RECOGNISE 32, AUDIT 64, BANK 128
        uint40 until; // 0: still acting
        uint40 compromisedSince; // 0: never said so
    }

    /// @notice An institution's counts. One slot.
    struct Institution {
        uint16 operatorCount; // entries ever made
        uint16 activeCount;
        uint40 createdAt;
    }

    /// @notice The accounts of a founding institution.
    struct Founder {
        address[] govern;
        address[] admin;
        address[] issue;
        address[] status;
        address recovery;
    }

    /// @notice Who controls an institution: at least two GOVERN, one ADMIN, and the recovery account.
    struct Controllers {
        address[] govern;
        address[] admin;
        address recovery;
    }

    /// @notice An account's consent, `Acceptance(address account,uint32 institution,uint16 roles,uint256 deadline)`.
    struct Acceptance {
        uint256 deadline;
        bytes signature;
    }

    /// @notice A replacement that waits for its delay. Two slots.
    struct Replacement {
        bytes32 setHash; // keccak256(abi.encode(Controllers)); 0: none waits
        uint40 effectiveFrom;
    }

    /// @notice The institution to create would not get the expected number.
    error OperatorsUnexpectedNumber(uint32 expected, uint32 next);
    /// @notice There is no such institution.
    error OperatorsUnknownInstitution(uint32 institution);
    /// @notice The caller is no ADMIN.
    error OperatorsNotAdmin(address caller);
    /// @notice The caller is neither ADMIN nor recovery account of the institution, nor the Alliance.
    error OperatorsNotController(uint32 institution, address caller);
    /// @notice The caller is no GOVERN operator of the institution.
    error OperatorsNotGovern(uint32 institution, address caller);
    /// @notice ADMIN may give and take ISSUE and STATUS only.
    error OperatorsRolesOutOfBounds(uint16 roles);
    /// @notice The zero address acts for nobody.
    error OperatorsZeroAccount();
    /// @notice The account belongs to another institution, for ever.
    error OperatorsAccountOfAnother(address account, uint32 institution);
    /// @notice The account acts for the institution already.
    error OperatorsAccountActive(address account);
    /// @notice The account does not act for any institution now.
    error OperatorsAccountNotActive(address account);
    /// @notice The account was marked as compromised and never acts again.
    error OperatorsAccountCompromised(address account);
    /// @notice An institution has at most this many acting accounts, an account at most this many entries.
    error OperatorsTooMany(uint32 institution, uint256 highest);
    /// @notice An institution has at least two GOVERN and one ADMIN accounts.
    error OperatorsTooFewControllers(uint256 govern, uint256 admin);
    /// @notice An account stands twice in the set.
    error OperatorsDuplicateController(uint32 institution);
    /// @notice The acceptance was to be used by `deadline`.
    error OperatorsAcceptanceExpired(address account, uint256 deadline);
    /// @notice The account did not sign this acceptance.
    error OperatorsAcceptanceInvalid(address account);
    /// @notice Every account that is new in the set accepts, no other does.
    error OperatorsAcceptanceCount(uint256 given, uint256 needed);
    /// @notice A cut-off lies between `earliest` and now, and only ever moves to an earlier time.
    error OperatorsSinceOutOfBounds(uint40 since, uint40 earliest, uint40 latest);
    /// @notice No such replacement waits.
    error OperatorsNoReplacement(uint32 institution);
    /// @notice The replacement takes effect only from `effectiveFrom`.
    error OperatorsReplacementWaits(uint32 institution, uint40 effectiveFrom);

    event InstitutionCreated(uint32 indexed institution);
    event OperatorAdded(uint32 indexed institution, address indexed account, uint16 index, uint16 roles);
    event OperatorRetired(uint32 indexed institution, address indexed account, uint16 index);
    event OperatorMarkedCompromised(uint32 indexed institution, address indexed account, uint16 index, uint40 since);
    event RecoveryChanged(uint32 indexed institution, address indexed account);
    event ControllersRequested(
        uint32 indexed institution, address indexed requester, Controllers set, uint40 effectiveFrom
    );
    event ControllersCancelled(uint32 indexed institution, address indexed canceller);
    event ControllersReplaced(uint32 indexed institution);

    /// @notice Enter the next founding institutions with their accounts. The founder only, before the sealing.
    /// @param expected the number of the first of them; an interrupted founding goes on where it stopped.
    function foundInstitutions(uint32 expected, Founder[] calldata founders) external;

    /// @notice Create the next institution; reverts unless its number is `expected`. Alliance only.
    function createInstitution(
        uint32 expected,
        address[] calldata govern,
        address[] calldata admin,
        address recovery
    ) external;

    /// @notice Let an account act for the caller's institution, with ISSUE, STATUS or both. ADMIN only.
    function addOperator(address account, uint16 roles, uint256 deadline, bytes calldata acceptance) external;

    /// @notice End an ISSUE or STATUS operator's time, now. Its institution's ADMIN, or the Alliance.
    function retireOperator(address account) external;

    /// @notice Say since when an account was in wrong hands; that ends its time too. Its institution's ADMIN for ISSUE
    /// and STATUS operators and at most 90 days back; the Alliance for any account and time. Only ever earlier. Counts for
    /// every entry that the account ever had.
    function markOperatorCompromised(address account, uint40 since) external;

    /// @notice Replace GOVERN, ADMIN and recovery account as one set: by ADMIN after "controllerDelay", by the recovery
    /// account after "recoveryDelay", at once by the Alliance (which needs no acceptances).
    /// @param acceptances One of each account that is new in the set, in the order govern, admin, recovery.
    function replaceControllers(uint32 institution, Controllers calldata set, Acceptance[] calldata acceptances)
        external;

    /// @notice Put a replacement that has waited long enough into effect, whoever calls.
    function applyControllers(uint32 institution, Controllers calldata set) external;

    /// @notice Cancel every waiting replacement. A current GOVERN operator of the institution only.
    function cancelControllers(uint32 institution) external;

    /// @notice Whether the account acts for the institution now, with all of `role`'s bits.
    function hasRole(address account, uint32 institution, uint16 role) external view returns (bool);

    /// @notice Whom the account belongs to (0: nobody), its newest entry, and its roles now (0 once retired).
    function roleOf(address account) external view returns (uint32 institution, uint16 index, uint16 roles);

    function referenceOf(address account) external view returns (Reference memory);

    function operator(uint32 institution, uint16 index) external view returns (Operator memory);

    /// @notice The indexes of all entries that the account ever had, in order.
    function indexesOf(address account) external view returns (uint16[] memory);

    function institutionOf(uint32 number) external view returns (Institution memory);

    function institutionCount() external view returns (uint32);

    function controllers(uint32 institution) external view returns (Controllers memory);

    function recoveryOf(uint32 institution) external view returns (address);

    /// @notice The waiting replacement asked for by ADMIN, or by the recovery account.
    function replacement(uint32 institution, bool byRecovery) external view returns (Replacement memory);

    /// @notice The contract that counts who may transact.
    function permissions() external view returns (address);
}
