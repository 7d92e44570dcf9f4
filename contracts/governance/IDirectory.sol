// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Which contract bears which name, since when
/// @notice The one address that a verifier's policy pins. Entries of genesis act at once, every later one, the first of a
/// name too, after the Alliance's "directoryDelay"; one entry a name waits at most, and may be cancelled until it acts.
/// Entries that acted are never changed: old roots, statuses and rules stay where they were.
interface IDirectory {
    /// @notice One version of a name. Two slots: everything but `codeHash` shares the first.
    struct Entry {
        address target;
        uint40 from;
        uint16 layout; // number of the storage layout that proofs of its slots follow
        bytes32 codeHash;
    }

    /// @notice A name's last version, in force or waiting. One slot.
    struct Newest {
        address target;
        uint40 from;
        uint16 version;
    }

    /// @notice Names, addresses and layouts differ in number.
    error DirectoryLengthMismatch(uint256 names, uint256 addresses, uint256 layouts);
    /// @notice The target has no code.
    error DirectoryNoCode(address target);
    /// @notice A layout number counts from 1.
    error DirectoryZeroLayout(bytes32 name);
    /// @notice The name has borne that contract: it never comes back.
    error DirectoryNamedBefore(bytes32 name, address target);
    /// @notice This contract is never replaced.
    error DirectoryNeverReplaced(bytes32 name);
    /// @notice An entry of that name waits already: cancel it first.
    error DirectoryEntryWaits(bytes32 name, uint16 version, uint40 from);
    /// @notice No entry of that name waits.
    error DirectoryNothingWaits(bytes32 name);
    /// @notice A name has 63 versions at most: verifiers read no more than 64.
    error DirectoryTooManyVersions(bytes32 name);
    /// @notice The target is not made for this name and this chain: its view `selector` says otherwise, or nothing.
    error DirectoryUnfit(bytes32 name, address target, bytes4 selector);
    /// @notice No entry of that name was in force then.
    error DirectoryUnknownName(bytes32 name);
    /// @notice The name has no such version.
    error DirectoryUnknownVersion(bytes32 name, uint16 version);

    /// @notice A name has one version more.
    /// @param name The name.
    /// @param version Counts from 1.
    /// @param target The contract.
    /// @param from When it acts from, in seconds.
    /// @param layout Number of the storage layout that proofs of its slots follow.
    /// @param codeHash Hash of its code.
    event EntrySet(
        bytes32 indexed name, uint16 indexed version, address target, uint40 from, uint16 layout, bytes32 codeHash
    );

    /// @notice An entry that waited was taken back before it acted; its number is free again.
    /// @param name The name.
    /// @param version Counts from 1.
    /// @param target The contract.
    /// @param document Hash of the document that explains it.
    event EntryCancelled(
        bytes32 indexed name, uint16 indexed version, address target, bytes32 indexed document
    );

    /// @notice Name a contract, or its successor, from "directoryDelay" on. Alliance only.
    /// @param name The name.
    /// @param target Says `directoryName() == name`; where it has `alliance()`, `operators()` or `directory()`, they
    /// are those of this chain; where it has `predecessor()`, that is the contract in force, or zero where there is
    /// none; and it has one where the contract in force has one.
    /// @param layout Number of the storage layout that proofs of its slots follow, from 1.
    function set(bytes32 name, address target, uint16 layout) external;

    /// @notice Take back the entry that waits, under a document that says why. Alliance only.
    /// @param name The name.
    /// @param document Hash of the document that explains it.
    function cancel(bytes32 name, bytes32 document) external;

    /// @notice The contract in force now; the zero address where there is none.
    /// @param name The name.
    /// @return Its address.
    function current(bytes32 name) external view returns (address);

    /// @notice The contract in force now and its version; reverts where there is none.
    /// @param name The name.
    /// @return target The contract.
    /// @return version Which version of the name it is.
    function resolve(bytes32 name) external view returns (address target, uint16 version);

    /// @notice The contract in force at a time; the zero address where there was none.
    /// @param name The name.
    /// @param time In seconds.
    /// @return Its address.
    function at(bytes32 name, uint40 time) external view returns (address);

    /// @notice One version, from 1.
    /// @param name The name.
    /// @param version Counts from 1.
    /// @return The record.
    function entry(bytes32 name, uint16 version) external view returns (Entry memory);

    /// @notice How many versions there are, waiting ones included.
    /// @param name The name.
    /// @return The newest one's number.
    function count(bytes32 name) external view returns (uint16);
}
