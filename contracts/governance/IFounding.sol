// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What is founded in several transactions and then sealed for ever
/// @notice Whoever constructs the contract is its founder. The founder enters the founding members, their accounts and
/// validators in as many calls as their number takes, then seals. Until then nobody acts; afterwards nobody founds. A
/// genesis does both before block 0 ends, by an account that nobody holds.
interface IFounding {
    /// @notice The founding is over; from now on the contract acts, and its founder is nobody any more.
    /// @param founder the account that constructed it.
    event Sealed(address indexed founder);

    /// @notice The caller did not construct this contract.
    error FoundingNotFounder(address caller);
    /// @notice The contract is sealed: nothing more is founded.
    error FoundingSealed();
    /// @notice The contract `unsealed` is still being founded: nobody acts before it is sealed.
    error FoundingNotSealed(address unsealed);

    /// @notice Ends the founding, if what was entered is enough to act.
    function seal() external;

    /// @notice Whether the founding is over. Clients refuse an alliance where it is not.
    /// @return True where it is.
    function isSealed() external view returns (bool);

    /// @notice Who founds; zero once sealed.
    /// @return The account.
    function founder() external view returns (address);
}
