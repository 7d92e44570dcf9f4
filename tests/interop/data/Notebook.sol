// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice What the interoperability tests call: storage, events, reverts and block fields.
contract Notebook {
    error NotebookRefused(uint256 value);

    event NoteChanged(address indexed by, uint256 indexed value, string text);

    uint256 private _value;
    mapping(address => uint256) private _counts;

    function set(uint256 value, string calldata text) external payable {
        _value = value;
        _counts[msg.sender] += 1;
        emit NoteChanged(msg.sender, value, text);
    }

    function get() external view returns (uint256) {
        return _value;
    }

    function count(address by) external view returns (uint256) {
        return _counts[by];
    }

    function refuse(uint256 value) external pure {
        revert NotebookRefused(value);
    }

    function complain() external pure {
        revert("not today");
    }

    function panic() external pure returns (uint256) {
        uint256 zero = 0;
        return 1 / zero;
    }

    function spin() external view returns (uint256 rounds) {
        while (gasleft() > 1000) {
            rounds += 1;
        }
    }

    function surroundings() external view returns (uint256, uint256, uint256, address, uint256) {
        return (block.number, block.timestamp, block.chainid, msg.sender, tx.gasprice);
    }
}
