// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title An institution gives its validator another key by itself
/// @notice Two of its accounts (GOVERN or ADMIN) ask for it, and once "controllerDelay" has passed, anyone lets the new key
/// enter with power 1 beside the old one. The old one keeps its power until the node has seen the new one sign 20 of the
/// last 30 decided commits; then the new one has it, and the old one is out.
interface IKeyExchanges {
    /// @notice Where an exchange stands.
    enum ExchangeState {
        None,
        Requested,
        Approved,
        Entered
    }

    /// @notice An exchange under way. Two slots: everything but `newKey` shares the second.
    struct Exchange {
        bytes32 newKey;
        uint32 institution;
        uint40 time; // when it was requested; once approved: from when the new key may enter
        address account; // the one that requested it
        ExchangeState state;
    }

    /// @notice The caller is neither a GOVERN nor an ADMIN account of the validator's institution.
    error PermissionsNotController(address caller, uint32 institution);
    /// @notice An exchange of this key is under way: cancel it first.
    error PermissionsExchangeUnderWay(bytes32 oldKey);
    /// @notice No exchange of this key for that one is in the state that this needs.
    error PermissionsNoExchange(bytes32 oldKey, bytes32 newKey, ExchangeState state);
    /// @notice The account that requested the exchange does not approve it too.
    error PermissionsSameAccount(address account);
    /// @notice The new key may enter from `from` on.
    error PermissionsExchangeWaits(bytes32 oldKey, uint256 from);
    /// @notice The exchange lapsed at `until`: request it again.
    error PermissionsExchangeLapsed(bytes32 oldKey, uint256 until);
    /// @notice An institution exchanges one key a day.
    error PermissionsOneExchangeADay(uint32 institution, uint256 from);

    /// @notice An account wants a validator to have another key.
    /// @param oldKey The key that validates.
    /// @param newKey The key that shall follow it.
    /// @param institution Whose they are.
    /// @param account Who wants it.
    event ExchangeRequested(
        bytes32 indexed oldKey, bytes32 indexed newKey, uint32 indexed institution, address account
    );

    /// @notice A second account wants it too.
    /// @param oldKey The key that validates.
    /// @param newKey The key that shall follow it.
    /// @param institution Whose they are.
    /// @param account Who wants it too.
    /// @param from When the new key may enter, in seconds.
    event ExchangeApproved(
        bytes32 indexed oldKey, bytes32 indexed newKey, uint32 indexed institution, address account, uint40 from
    );

    /// @notice The new key validates with power 1, beside the old one.
    /// @param oldKey The key that has the power still.
    /// @param newKey The key that entered.
    /// @param institution Whose they are.
    event ExchangeEntered(bytes32 indexed oldKey, bytes32 indexed newKey, uint32 indexed institution);

    /// @notice The exchange is off.
    /// @param oldKey The key that goes on.
    /// @param newKey The key that was to follow it.
    /// @param institution Whose they are.
    /// @param account Who took it back; the Alliance by vote; where a key left the set, whoever took it out.
    event ExchangeCancelled(
        bytes32 indexed oldKey, bytes32 indexed newKey, uint32 indexed institution, address account
    );

    /// @notice The new key signs, and has the old one's power.
    /// @param oldKey The key that is out.
    /// @param newKey The key that followed it.
    /// @param institution Whose they are.
    /// @param power What the new key has.
    event KeyExchanged(bytes32 indexed oldKey, bytes32 indexed newKey, uint32 indexed institution, uint64 power);

    /// @notice Ask for a validator's key to be exchanged. A GOVERN or ADMIN account of its institution.
    /// @param oldKey The key that validates.
    /// @param newKey A raw Ed25519 public key that never stood in the set.
    function requestExchange(bytes32 oldKey, bytes32 newKey) external;

    /// @notice Ask for the same as another account of the institution did, a second GOVERN or ADMIN one.
    /// @param oldKey The key that validates.
    /// @param newKey The key that the other named.
    function approveExchange(bytes32 oldKey, bytes32 newKey) external;

    /// @notice Let the new key enter with power 1, after "controllerDelay" and within 30 days. Anyone.
    /// @param oldKey The key that validates.
    function enterExchange(bytes32 oldKey) external;

    /// @notice Take an exchange back; a new key that entered leaves. A GOVERN or ADMIN account of the institution, or the
    /// Alliance.
    /// @param oldKey The key that validates.
    function cancelExchange(bytes32 oldKey) external;

    /// @notice The key signed 20 of the last 30 decided commits: where it is to follow another, it takes that one's power.
    /// The node alone, as a system call. It never reverts for it: where nothing is to be done, or this block has moved too
    /// much power already, nothing happens, and the node says it again.
    /// @param newKey The key that signs.
    function confirmSigning(bytes32 newKey) external;

    /// @notice The exchange of a key; all zero where there is none.
    /// @param oldKey The key that validates.
    /// @return The record.
    function exchange(bytes32 oldKey) external view returns (Exchange memory);

    /// @notice The key that an entered key is to follow; zero: none. The node asks for each key of power 1.
    /// @param newKey The key that entered.
    /// @return The old key.
    function follows(bytes32 newKey) external view returns (bytes32);
}
