// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Who controls an institution, and how that changes though one of its keys is stolen or lost
/// @notice GOVERN, ADMIN and the recovery account change together, as one set. ADMIN asks with "controllerDelay", the
/// recovery account with "recoveryDelay"; one GOVERN cancels what either asked alone. What a GOVERN asks together with ADMIN
/// or the recovery account only two cancel. The Alliance replaces at once. Whatever waits lapses 14 days after it could
/// have taken effect. Where two are needed, the first one's word waits 14 days for the second's.
interface IControllers {
    /// @notice Who asked for a replacement; of each kind one waits at most.
    enum Asker {
        Admin,
        Recovery,
        Together
    }

    /// @notice Who controls an institution: at least two GOVERN, one ADMIN, and the recovery account, which is none of them.
    struct Controllers {
        address[] govern;
        address[] admin;
        address recovery;
    }

    /// @notice An account's consent:
    /// `Acceptance(address account,uint32 institution,uint16 roles,uint256 nonce,uint256 deadline)`, roles 0 for recovery.
    /// The nonce is that of the account's Reference; taking on any role uses it up.
    struct Acceptance {
        uint256 deadline;
        bytes signature;
    }

    /// @notice A replacement that waits. Two slots.
    struct Replacement {
        bytes32 setHash; // keccak256(abi.encode(Controllers)); 0: none waits
        uint40 effectiveFrom;
        uint40 until; // lapsed after this second
        address requester; // the second one, where two asked together
    }

    /// @notice A frozen ADMIN. One slot.
    struct Freeze {
        address by;
        uint40 until; // lapses after this second; the highest number once a second GOVERN confirmed
    }

    /// @notice The account is none of GOVERN, ADMIN and recovery of the institution (and not the Alliance).
    error ControllersNotController(uint32 institution, address caller);
    /// @notice The caller is no GOVERN operator of the institution.
    error ControllersNotGovern(uint32 institution, address caller);
    /// @notice An institution has at least two GOVERN and one ADMIN accounts.
    error ControllersTooFew(uint256 govern, uint256 admin);
    /// @notice An account stands twice in the set.
    error ControllersDuplicate(uint32 institution);
    /// @notice The recovery account acts for nothing else.
    error ControllersRecoveryActs(uint32 institution, address account);
    /// @notice No such replacement waits.
    error ControllersNoReplacement(uint32 institution);
    /// @notice The replacement takes effect only from `effectiveFrom`.
    error ControllersReplacementWaits(uint32 institution, uint40 effectiveFrom);
    /// @notice The replacement could have taken effect until `until`; it is to be asked for again.
    error ControllersReplacementLapsed(uint32 institution, uint40 until);
    /// @notice A GOVERN froze this ADMIN: it neither grants nor dates back nor asks alone.
    error ControllersFrozen(address admin, uint40 until);
    /// @notice The account is no ADMIN now.
    error ControllersNotAdmin(address account);
    /// @notice The ADMIN is not frozen.
    error ControllersNotFrozen(address admin);
    /// @notice The same GOVERN froze this ADMIN before, and nobody confirmed it.
    error ControllersFreezeSpent(address admin, address by);
    /// @notice Who froze cannot be the one who confirms, and only who froze lifts what nobody confirmed.
    error ControllersFreezeOf(address admin, address by);

    /// @notice There is one institution more.
    /// @param institution The institution.
    event InstitutionCreated(uint32 indexed institution);
    /// @notice An institution has another recovery account.
    /// @param institution The institution.
    /// @param account The new one.
    /// @param former The one before; zero: none.
    /// @param by Who brought it into effect.
    event RecoveryChanged(uint32 indexed institution, address indexed account, address former, address by);
    /// @notice Two GOVERN say that the recovery account is in wrong hands.
    /// @param institution The institution.
    /// @param account The recovery account.
    /// @param since Since when, in seconds.
    /// @param first The GOVERN that said it first.
    /// @param second The GOVERN that said it too.
    event RecoveryMarkedCompromised(
        uint32 indexed institution, address indexed account, uint40 since, address first, address second
    );
    /// @notice Somebody asked for other controllers.
    /// @param institution The institution.
    /// @param requester Who asked; of two together the second.
    /// @param asker Which kind of request.
    /// @param set Who is to control it.
    /// @param setHash keccak256(abi.encode(set)).
    /// @param effectiveFrom The first second in which it could take effect.
    /// @param until The last such second.
    event ControllersRequested(
        uint32 indexed institution,
        address indexed requester,
        Asker asker,
        Controllers set,
        bytes32 setHash,
        uint40 effectiveFrom,
        uint40 until
    );
    /// @notice Two are needed for `action` (a function's selector) on `act`; the first one has called.
    /// @param institution The institution.
    /// @param account The one that has called.
    /// @param action The function's selector.
    /// @param act What it is to be called for, as a hash or an address.
    /// @param until The last second in which the second one may call.
    event SecondAwaited(
        uint32 indexed institution, address indexed account, bytes4 indexed action, bytes32 act, uint40 until
    );
    /// @notice A waiting replacement was cancelled.
    /// @param institution The institution.
    /// @param canceller Who did.
    /// @param first Where two are needed, who called before; else zero.
    /// @param asker Which kind of request.
    /// @param setHash keccak256(abi.encode(set)).
    event ControllersCancelled(
        uint32 indexed institution, address indexed canceller, address first, Asker asker, bytes32 setHash
    );
    /// @notice A waiting replacement is gone: another one took its place or effect, or a controller was marked.
    /// @param institution The institution.
    /// @param asker Which kind of request.
    /// @param setHash keccak256(abi.encode(set)).
    /// @param effectiveFrom When it would have taken effect.
    /// @param by Whose call it was.
    event ControllersDropped(uint32 indexed institution, Asker asker, bytes32 setHash, uint40 effectiveFrom, address by);
    /// @notice An institution has other controllers.
    /// @param institution The institution.
    /// @param former Who controlled it before.
    /// @param set Who controls it now.
    /// @param by Who brought it into effect; the Alliance by vote.
    event ControllersReplaced(uint32 indexed institution, Controllers former, Controllers set, address by);
    /// @notice A GOVERN froze an ADMIN.
    /// @param institution The institution.
    /// @param admin The ADMIN.
    /// @param by The GOVERN.
    /// @param until The last second of the freeze, unless it is confirmed.
    event AdminFrozen(uint32 indexed institution, address indexed admin, address indexed by, uint40 until);
    /// @notice A second GOVERN let a freeze stand.
    /// @param institution The institution.
    /// @param admin The ADMIN.
    /// @param by The second GOVERN.
    event FreezeConfirmed(uint32 indexed institution, address indexed admin, address indexed by);
    /// @notice An ADMIN is frozen no more.
    /// @param institution The institution.
    /// @param admin The ADMIN.
    /// @param by The GOVERN that called last, or the Alliance.
    event FreezeLifted(uint32 indexed institution, address indexed admin, address indexed by);

    /// @notice Create the next institution; reverts unless its number is `expected`. Alliance only.
    /// @param expected The number that it is to have.
    /// @param set Who controls it.
    /// @param acceptances One of each account, in the order govern, admin, recovery, for the number `expected`.
    function createInstitution(uint32 expected, Controllers calldata set, Acceptance[] calldata acceptances) external;

    /// @notice Replace GOVERN, ADMIN and recovery account as one set: by an ADMIN that is not frozen after
    /// "controllerDelay", by the recovery account after "recoveryDelay", at once by the Alliance.
    /// @param institution The institution.
    /// @param set Who is to control it.
    /// @param acceptances One of each account that is new in the set, in the order govern, admin, recovery.
    function replaceControllers(uint32 institution, Controllers calldata set, Acceptance[] calldata acceptances)
        external;

    /// @notice Ask as two: a GOVERN, and an ADMIN (frozen too) or the recovery account. Both call with the same set; the
    /// delay is that of the other one, and begins with the second call. Only two cancel it.
    /// @param institution The institution.
    /// @param set Who is to control it.
    /// @param acceptances One of each account that is new in the set, in the order govern, admin, recovery.
    function replaceTogether(uint32 institution, Controllers calldata set, Acceptance[] calldata acceptances) external;

    /// @notice Put a replacement that has waited long enough, and has not lapsed, into effect, whoever calls.
    /// @param institution The institution.
    /// @param set The set that was asked for.
    function applyControllers(uint32 institution, Controllers calldata set) external;

    /// @notice Cancel a waiting replacement: one GOVERN where it was asked for alone, else any two of GOVERN, ADMIN (frozen
    /// too) and recovery account, each by a call.
    /// @param institution The institution.
    /// @param asker Which kind of request.
    function cancelControllers(uint32 institution, Asker asker) external;

    /// @notice Say since when the recovery account was in wrong hands, and name the next. Two GOVERN of the institution, each
    /// by a call; at most 90 days back.
    /// @param since Since when, in seconds.
    /// @param next The next recovery account.
    /// @param acceptance The next one's.
    function markRecoveryCompromised(uint40 since, address next, Acceptance calldata acceptance) external;

    /// @notice Stop an ADMIN from granting, dating back and asking alone. Any GOVERN of its institution; lapses after
    /// "recoveryDelay" and "votingPeriod", and the same GOVERN cannot do it again.
    /// @param admin The ADMIN.
    function freezeAdmin(address admin) external;

    /// @notice Let a freeze stand until it is lifted. Another GOVERN than the one who froze.
    /// @param admin The ADMIN.
    function confirmFreeze(address admin) external;

    /// @notice End a freeze: the GOVERN who froze while nobody confirmed, else two GOVERN; or the Alliance.
    /// @param admin The ADMIN.
    function liftFreeze(address admin) external;

    /// @notice Who controls an institution now.
    /// @param institution The institution.
    /// @return Its GOVERN, ADMIN and recovery accounts.
    function controllers(uint32 institution) external view returns (Controllers memory);

    /// @notice An institution's recovery account.
    /// @param institution The institution.
    /// @return Zero where there is no such institution.
    function recoveryOf(uint32 institution) external view returns (address);

    /// @notice The waiting replacement of that kind.
    /// @param institution The institution.
    /// @param asker Which kind of request.
    /// @return Zeros where none waits.
    function replacement(uint32 institution, Asker asker) external view returns (Replacement memory);

    /// @notice The last freeze of an ADMIN, in force or lapsed.
    /// @param admin The ADMIN.
    /// @return Who froze it, and the last second; zeros: nobody.
    function freezeOf(address admin) external view returns (Freeze memory);

    /// @notice Whether an ADMIN is frozen now.
    /// @param admin The ADMIN.
    /// @return True where it is.
    function isFrozen(address admin) external view returns (bool);
}
